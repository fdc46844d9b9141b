import { Command, Option } from "commander";

import { formatMill } from "../../protocol/amounts.ts";
import type { OrdersQuery } from "../../protocol/market-api.ts";
import type { OrderKind } from "../../protocol/orders.ts";
import { parseCategory, parseId } from "../args.ts";
import { connectToRead } from "../connect.ts";
import { signingAddress } from "../signer.ts";
import { contextOf } from "../context.ts";
import { findNetwork } from "../networks.ts";
import { parseKind, priceOfOrder } from "../order-words.ts";
import { short, table } from "../print.ts";

type Options = {
  app?: bigint;
  pool?: bigint;
  category?: number;
  mine: boolean;
  status: NonNullable<OrdersQuery["status"]>;
};

export const orderList = new Command("list")
  .description("List orders of the book: asks cheapest first, requests highest bid first")
  .argument("<kind>", "app, dataset, pool or request", parseKind)
  .option("--app <id>", "of this app", parseId)
  .option("--pool <id>", "of this pool", parseId)
  .option("--category <0..4>", "of this category", parseCategory)
  .option("--mine", "signed with your key", false)
  .addOption(
    new Option("--status <status>")
      .choices(["active", "inactive", "filled", "cancelled", "expired", "any"])
      .default("active"),
  )
  .addHelpText("after", "\nExample:\n  gridmill order list pool --category 0")
  .action(async (kind: OrderKind, { mine, ...filter }: Options, command: Command) => {
    const context = contextOf(command);
    const network = await findNetwork(context.home.networks, context.networkName);
    const signer = mine ? await signingAddress(context, network) : undefined;
    await using grid = await connectToRead(context);
    const orders = await grid.orders.list(kind, { ...filter, ...(signer === undefined ? {} : { signer }) });
    context.print({ orders }, () =>
      table(
        ["order", "signer", "status", "MILL a task", "tasks left"],
        orders.map((order) => [
          ...[order.hash, short(order.signer), order.status, formatMill(priceOfOrder(order))],
          order.remaining > 2n ** 128n ? "unlimited" : order.remaining,
        ]),
      ),
    );
  });
