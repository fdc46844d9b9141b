import { Command } from "commander";

import type { Address } from "../../protocol/primitives.ts";
import { parseAddress } from "../args.ts";
import { connectToRead } from "../connect.ts";
import { contextOf } from "../context.ts";
import { allowanceText, table } from "../print.ts";
import { requireAddress } from "../signer.ts";

export const accountAllowances = new Command("allowances")
  .argument("[address]", "whose (default: that of your key)", parseAddress)
  .addHelpText("after", "\nExample:\n  gridmill account allowances --account worker-1")
  .action(async (given: Address | undefined, _options: unknown, command: Command) => {
    const context = contextOf(command);
    const address = given ?? (await requireAddress(context, "Whose allowances?"));
    await using grid = await connectToRead(context);
    const allowances = await grid.allowances.of(address);
    context.print({ allowances }, () =>
      table(
        ["payer", "requester", "may spend"],
        allowances.map(({ payer, requester, amount }) => [payer, requester, allowanceText(amount)]),
      ),
    );
  });
