import { Command } from "commander";

import type { OrderKind } from "../../protocol/orders.ts";
import { parseHash } from "../args.ts";
import { connectToSign } from "../connect.ts";
import { contextOf } from "../context.ts";
import { parseKind } from "../order-words.ts";
import { terminalPrompts } from "../prompts.ts";

export const orderCancel = new Command("cancel")
  .argument("<kind>", "app, dataset, pool or request", parseKind)
  .argument("<hash>", "order hash", parseHash)
  .option("--yes", "do not ask before spending gas", false)
  .addHelpText("after", "\nExample:\n  gridmill order cancel app 0x1c9e... --yes")
  .action(async (kind: OrderKind, hash: ReturnType<typeof parseHash>, { yes }: { yes: boolean }, command: Command) => {
    const context = contextOf(command);
    await using grid = await connectToSign(context);
    if (!yes) await terminalPrompts().confirm(`Cancel the ${kind} order ${hash}, for gas? It can never be used again`);
    const { hash: transactionHash, gasUsed } = await grid.orders.cancel(kind, hash, context.signal);
    context.print({ hash, status: "cancelled", transactionHash, gasUsed }, `cancelled in ${transactionHash}`);
  });
