import { Command } from "commander";

import { formatMill } from "../../protocol/amounts.ts";
import { parseMill } from "../args.ts";
import { contextOf } from "../context.ts";
import { moveMoney } from "../move-money.ts";

export const accountWithdraw = new Command("withdraw")
  .argument("<amount>", "in MILL, such as 1.5", parseMill)
  .option("--yes", "do not ask", false)
  .addHelpText("after", "\nExample:\n  gridmill account withdraw 100")
  .action(async (amount: bigint, { yes }: { yes: boolean }, command: Command) => {
    await moveMoney(contextOf(command), {
      yes,
      question: `Take ${formatMill(amount)} MILL out of the escrow?`,
      done: `${formatMill(amount)} MILL are in the wallet`,
      move: (accounts, signal) => accounts.withdraw(amount, signal),
    });
  });
