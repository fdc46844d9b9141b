import { Command } from "commander";
import { formatEther } from "ethers";

import { formatMill } from "../../protocol/amounts.ts";
import { parseAddress } from "../args.ts";
import { connectToRead } from "../connect.ts";
import { contextOf } from "../context.ts";
import { NoKeyError } from "../errors.ts";
import { facts } from "../print.ts";
import { signingAddress } from "../signer.ts";
import { when } from "../task-text.ts";

export const accountShow = new Command("show")
  .argument("[address]", "whose (default: that of your key)", parseAddress)
  .addHelpText("after", "\nExample:\n  gridmill account show --account worker-1")
  .action(async (given: ReturnType<typeof parseAddress> | undefined, _options: unknown, command: Command) => {
    const context = contextOf(command);
    const address = given ?? (await signingAddress(context));
    if (!address)
      throw new NoKeyError("Whose account? There is no key", { hint: "Give an address, or: gridmill account create" });
    await using grid = await connectToRead(context);
    const account = await grid.accounts.show(address);
    context.print(account, () =>
      facts({
        address,
        "gas money": formatEther(account.native),
        "MILL, wallet": formatMill(account.wallet),
        "MILL, escrow": formatMill(account.available),
        "MILL, locked": formatMill(account.locked),
        bond: formatMill(account.bonded),
        unbonding:
          account.unbonding > 0n ? `${formatMill(account.unbonding)} until ${when(account.readyAt)}` : undefined,
        score: account.score,
      }),
    );
  });
