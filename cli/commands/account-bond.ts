import { Command } from "commander";

import { formatMill } from "../../protocol/amounts.ts";
import { parseMill } from "../args.ts";
import { contextOf } from "../context.ts";
import { moveMoney } from "../move-money.ts";

export const accountBond = new Command("bond")
  .argument("<amount>", "in MILL, such as 1.5", parseMill)
  .option("--yes", "do not ask", false)
  .addHelpText("after", "\nExample:\n  gridmill account bond 1000 --account worker-1")
  .action(async (amount: bigint, { yes }: { yes: boolean }, command: Command) => {
    await moveMoney(contextOf(command), {
      yes,
      question: `Bond ${formatMill(amount)} MILL? They are burned where your worker votes wrong`,
      done: `${formatMill(amount)} MILL are bonded`,
      move: (accounts, signal) => accounts.bond(amount, signal),
    });
  });
