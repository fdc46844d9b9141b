import { Command } from "commander";

import { formatMill } from "../../protocol/amounts.ts";
import { parseAddress, parseDuration, parseId, parseMill } from "../args.ts";
import { connectToSign } from "../connect.ts";
import { contextOf } from "../context.ts";

type Options = { price: bigint; expires?: number; onlyRequester?: ReturnType<typeof parseAddress>; onlyPool?: bigint };

export const appOffer = new Command("offer")
  .argument("<id>", "app id", parseId)
  .requiredOption("--price <mill>", "MILL per task", parseMill)
  .option("--expires <time>", "from now, such as 7d (default: 30d)", parseDuration)
  .option("--only-requester <address>", "for one requester alone", parseAddress)
  .option("--only-pool <id>", "on one pool alone", parseId)
  .addHelpText("after", "\nExample:\n  gridmill app offer 1 --price 0.5")
  .action(async (app: bigint, { price, expires, onlyRequester, onlyPool }: Options, command: Command) => {
    const context = contextOf(command);
    await using grid = await connectToSign(context);
    const order = await grid.apps.offer({
      ...{ app, price },
      ...(expires === undefined ? {} : { expiresInSeconds: expires }),
      ...(onlyRequester === undefined ? {} : { onlyRequester }),
      ...(onlyPool === undefined ? {} : { onlyPool }),
    });
    context.print(order, `order ${order.hash}: app ${app} at ${formatMill(price)} MILL a task`);
  });
