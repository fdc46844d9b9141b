import { readFile } from "node:fs/promises";

import { Command } from "commander";

import { BadInputError } from "../../protocol/errors.ts";
import { parseArtifact } from "../../sdk/contract-calls.ts";
import { connectToSign } from "../connect.ts";
import { contextOf } from "../context.ts";
import { terminalPrompts } from "../prompts.ts";

export const dappDeploy = new Command("deploy")
  .argument("<artifact>", "JSON file of the compiled contract")
  .argument("[args...]", "arguments of its constructor; marketplace, hub or escrow stand for Gridmill's own addresses")
  .option("--yes", "do not ask before spending gas", false)
  .addHelpText("after", "\nExample:\n  gridmill dapp deploy artifacts/contracts/MyDapp.sol/MyDapp.json marketplace 1")
  .action(async (file: string, args: readonly string[], { yes }: { yes: boolean }, command: Command) => {
    const context = contextOf(command);
    const text = await readFile(file, "utf8").catch((cause: unknown) => {
      throw new BadInputError(`${file} cannot be read`, { cause, hint: "Compile the contract first: npm run compile" });
    });
    const artifact = parseArtifact(text);
    await using grid = await connectToSign(context);
    if (!yes) await terminalPrompts().confirm(`Create the contract of ${file}, for gas?`);
    const { address, receipt } = await grid.contracts.deploy(artifact, args, context.signal);
    context.print({ address, transactionHash: receipt.hash, gasUsed: receipt.gasUsed }, address);
  });
