import { Command, Option } from "commander";

import { formatMill } from "../../protocol/amounts.ts";
import { ORDER_STATUSES } from "../../protocol/market-api.ts";
import type { OrdersQuery } from "../../protocol/market-api.ts";
import type { OrderKind } from "../../protocol/orders.ts";
import { UNLIMITED } from "../../protocol/primitives.ts";
import { parseId } from "../args.ts";
import { connectToRead } from "../connect.ts";
import { contextOf } from "../context.ts";
import { parseKind, priceOfOrder } from "../order-words.ts";
import { short, table } from "../print.ts";
import { categoryOption } from "../shared-options.ts";
import { requireAddress } from "../signer.ts";

type Options = Pick<OrdersQuery, "app" | "pool" | "category" | "status"> & { mine: boolean };

export const orderList = new Command("list")
  .argument("<kind>", "app, dataset, pool or request", parseKind)
  .option("--app <id>", "of this app", parseId)
  .option("--pool <id>", "of this pool", parseId)
  .addOption(categoryOption("of this category"))
  .option("--mine", "signed with your key", false)
  .addOption(new Option("--status <status>").choices([...ORDER_STATUSES, "any"]).default("active"))
  .addHelpText("after", "\nExample:\n  gridmill order list pool --category 0")
  .action(async (kind: OrderKind, { mine, ...filter }: Options, command: Command) => {
    const context = contextOf(command);
    const signer = mine ? await requireAddress(context, "Whose orders?") : undefined;
    await using grid = await connectToRead(context);
    const orders = await grid.orders.list(kind, { ...filter, ...(signer === undefined ? {} : { signer }) });
    context.print({ orders }, () =>
      table(
        ["order", "signer", "status", "MILL a task", "tasks left"],
        orders.map((order) => [
          ...[order.hash, short(order.signer), order.status, formatMill(priceOfOrder(order))],
          order.remaining === UNLIMITED ? "unlimited" : order.remaining,
        ]),
      ),
    );
  });
