import { Command } from "commander";

import type { OrderKind } from "../../protocol/orders.ts";
import { parseHash } from "../args.ts";
import { connectToRead } from "../connect.ts";
import { contextOf } from "../context.ts";
import { parseKind } from "../order-words.ts";
import { facts } from "../print.ts";

export const orderShow = new Command("show")
  .argument("<kind>", "app, dataset, pool or request", parseKind)
  .argument("<hash>", "order hash", parseHash)
  .addHelpText("after", "\nExample:\n  gridmill order show pool 0x1c9e...")
  .action(async (kind: OrderKind, hash: ReturnType<typeof parseHash>, _options: unknown, command: Command) => {
    const context = contextOf(command);
    await using grid = await connectToRead(context);
    const order = await grid.orders.get(kind, hash);
    context.print(order, () => {
      const { signer, status, reason } = order;
      return facts({ order: hash, kind, signer, status, reason: reason?.message, ...order.order });
    });
  });
