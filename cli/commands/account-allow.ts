import { Command } from "commander";

import type { Address } from "../../protocol/primitives.ts";
import { parseAddress, parseAllowance } from "../args.ts";
import { connectToSign } from "../connect.ts";
import { contextOf } from "../context.ts";
import { allowanceText } from "../print.ts";
import { terminalPrompts } from "../prompts.ts";

export const accountAllow = new Command("allow")
  .argument("<requester>", "address of who may name you as payer of its requests", parseAddress)
  .argument("<amount>", "most that it may spend from now on, in MILL; unlimited; or 0 to take it back", parseAllowance)
  .option("--yes", "do not ask", false)
  .addHelpText("after", "\nExample:\n  gridmill account allow 0xa3dd... 100")
  .action(async (requester: Address, amount: bigint, { yes }: { yes: boolean }, command: Command) => {
    const context = contextOf(command);
    await using grid = await connectToSign(context);
    const says = `${requester} to spend ${allowanceText(amount)} of your escrow on its requests`;
    if (!yes) await terminalPrompts().confirm(`Allow ${says}? It needs no other word of yours`);
    const { hash, gasUsed } = await grid.allowances.allow(requester, amount, context.signal);
    context.print({ transactionHash: hash, gasUsed, payer: grid.address, requester, amount }, `you allow ${says}`);
  });
