import { Command } from "commander";

import { formatMill } from "../../protocol/amounts.ts";
import { NO_RESOURCES } from "../../protocol/capabilities.ts";
import type { Resources } from "../../protocol/capabilities.ts";
import { parseDuration, parseId, parseMill, parseTrust, wholeNumber } from "../args.ts";
import { connectToSign } from "../connect.ts";
import { contextOf } from "../context.ts";
import { categoryOption, cpusOption, diskOption, memoryOption } from "../shared-options.ts";

type Size = "cpus" | "memory" | "disk";
type Term = "category" | "maxTrust" | "grace" | "lane" | "workerStake" | "share";
type Options = Record<Size | Term, number> & { price: bigint; callbacks: boolean; expires?: number };

export const poolOffer = new Command("offer")
  .argument("<id>", "pool id", parseId)
  .requiredOption("--price <mill>", "MILL per task", parseMill)
  .addOption(categoryOption("how long a task may take", "0"))
  .addOption(cpusOption("cores for one task", "1"))
  .addOption(memoryOption("memory for one task", "1G"))
  .addOption(diskOption("output of one task", "1G"))
  .option("--max-trust <n>", "highest trust that its workers can reach", parseTrust, 8)
  .option("--grace <seconds>", "time in which it may decline", wholeNumber(0, 7_200), 60)
  .option("--lane <n>", "lane that settles these tasks", wholeNumber(0, 255), 0)
  .option("--worker-stake <bps>", "stake on each vote, basis points of the price", wholeNumber(0, 10_000), 3_000)
  .option("--share <bps>", "the pool's own share, basis points of the price", wholeNumber(0, 10_000), 500)
  .option("--callbacks", "take tasks whose answers a contract hears; such deals cannot be declined", false)
  .option("--expires <time>", "from now, such as 7d (default: 30d)", parseDuration)
  .addHelpText("after", "\nExample:\n  gridmill pool offer 1 --price 1 --category 0 --account pool-owner")
  .action(async (pool: bigint, options: Options, command: Command) => {
    const context = contextOf(command);
    await using grid = await connectToSign(context);
    const { price, category, cpus, memory, disk, maxTrust, grace, lane, workerStake, share, callbacks, expires } =
      options;
    const size = { ...NO_RESOURCES, cpuMillicores: cpus, memoryMiB: memory, diskMiB: disk };
    const capabilities: Resources = { ...size, flags: callbacks ? ["callback"] : [] };
    const terms = { pool, price, category, capabilities, maxTrust, grace, lane, workerStake, schedulerShare: share };
    const order = await grid.pools.offer({ ...terms, ...(expires === undefined ? {} : { expiresInSeconds: expires }) });
    context.print(order, `order ${order.hash}: pool ${pool}, category ${category} at ${formatMill(price)} MILL a task`);
  });
