import { Command } from "commander";

import { formatMill } from "../../protocol/amounts.ts";
import { parseMill } from "../args.ts";
import { contextOf } from "../context.ts";
import { UsageError } from "../errors.ts";
import { moveMoney } from "../move-money.ts";

type Options = { finish: boolean; yes: boolean };

export const accountUnbond = new Command("unbond")
  .argument("[amount]", "in MILL, such as 1.5", parseMill)
  .option("--finish", "put what is free by now into the escrow", false)
  .option("--yes", "do not ask", false)
  .addHelpText(
    "after",
    "\nExamples:\n  gridmill account unbond 1000 --account worker-1\n  gridmill account unbond --finish --account worker-1",
  )
  .action(async (amount: bigint | undefined, { finish, yes }: Options, command: Command) => {
    const context = contextOf(command);
    if (finish) {
      const question = "Put the free bond into the escrow?";
      const done = "The bond is in the escrow";
      return await moveMoney(context, {
        yes,
        question,
        done,
        move: (accounts, signal) => accounts.withdrawBond(signal),
      });
    }
    if (amount === undefined)
      throw new UsageError("How much? Give an amount, or --finish", { hint: "See: gridmill account unbond --help" });
    await moveMoney(context, {
      yes,
      question: `Unbond ${formatMill(amount)} MILL? A second unbond restarts the delay of a day`,
      done: `${formatMill(amount)} MILL are free in a day: then gridmill account unbond --finish`,
      move: (accounts, signal) => accounts.unbond(amount, signal),
    });
  });
