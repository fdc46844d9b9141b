import { Command } from "commander";

import { formatMill } from "../../protocol/amounts.ts";
import type { Address } from "../../protocol/primitives.ts";
import { parseAddress, parseDuration, parseId, parseMill } from "../args.ts";
import { connectToSign } from "../connect.ts";
import { contextOf } from "../context.ts";

type Options = { price: bigint; expires?: number; onlyRequester?: Address; onlyApp?: bigint; onlyPool?: bigint };

export const datasetOffer = new Command("offer")
  .argument("<id>", "dataset id", parseId)
  .requiredOption("--price <mill>", "MILL per task that reads it", parseMill)
  .option("--expires <time>", "from now, such as 7d (default: 30d)", parseDuration)
  .option("--only-requester <address>", "for one requester alone", parseAddress)
  .option("--only-app <id>", "for one app alone", parseId)
  .option("--only-pool <id>", "on one pool alone", parseId)
  .addHelpText("after", "\nExample:\n  gridmill dataset offer 1 --price 0.5 --only-app 3")
  .action(async (dataset: bigint, { price, expires, ...only }: Options, command: Command) => {
    const context = contextOf(command);
    await using grid = await connectToSign(context);
    const terms = expires === undefined ? {} : { expiresInSeconds: expires };
    const order = await grid.datasets.offer({ dataset, price, ...terms, ...only });
    context.print(order, `order ${order.hash}: dataset ${dataset} at ${formatMill(price)} MILL a task`);
  });
