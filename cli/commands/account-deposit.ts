import { Command } from "commander";

import { formatMill } from "../../protocol/amounts.ts";
import type { Address } from "../../protocol/primitives.ts";
import { parseAddress, parseMill } from "../args.ts";
import { contextOf } from "../context.ts";
import { moveMoney } from "../move-money.ts";

export const accountDeposit = new Command("deposit")
  .argument("<amount>", "in MILL, such as 1.5", parseMill)
  .option("--for <address>", "into the escrow of this account, such as a contract's; default: your own", parseAddress)
  .option("--yes", "do not ask", false)
  .addHelpText("after", "\nExample:\n  gridmill account deposit 100")
  .action(async (amount: bigint, { yes, for: other }: { yes: boolean; for?: Address }, command: Command) => {
    const where = other === undefined ? "the escrow" : `the escrow of ${other}`;
    await moveMoney(contextOf(command), {
      yes,
      question: `Put ${formatMill(amount)} MILL into ${where}?`,
      done: `${formatMill(amount)} MILL are in ${where}`,
      move: (accounts, signal) =>
        other === undefined ? accounts.deposit(amount, signal) : accounts.depositFor(other, amount, signal),
    });
  });
