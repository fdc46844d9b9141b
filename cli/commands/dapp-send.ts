import { Command } from "commander";

import type { Address } from "../../protocol/primitives.ts";
import { parseAddress, parseEther } from "../args.ts";
import { connectToSign } from "../connect.ts";
import { contextOf } from "../context.ts";
import { terminalPrompts } from "../prompts.ts";

type Options = { readonly yes: boolean; readonly value?: bigint };

export const dappSend = new Command("send")
  .argument("<address>", "the contract", parseAddress)
  .argument("<function>", "such as 'ask(uint256[])'")
  .argument("[args...]", "its arguments; lists and structs as JSON")
  .option("--value <ether>", "what goes along, in the chain's own currency, such as 0.5", parseEther)
  .option("--yes", "do not ask before spending gas", false)
  .addHelpText("after", "\nExample:\n  gridmill dapp send ADDRESS 'ask(uint256[])' '[0,1,2]'")
  .action(
    async (to: Address, signature: string, args: readonly string[], { yes, value }: Options, command: Command) => {
      const context = contextOf(command);
      await using grid = await connectToSign(context);
      if (!yes) await terminalPrompts().confirm(`Call ${signature} of ${to}, for gas?`);
      const { hash, gasUsed } = await grid.contracts.send(to, signature, args, value, context.signal);
      context.print({ transactionHash: hash, gasUsed }, `done in ${hash}`);
    },
  );
