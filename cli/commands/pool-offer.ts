import { Command } from "commander";

import { formatMill } from "../../protocol/amounts.ts";
import { NO_RESOURCES } from "../../protocol/capabilities.ts";
import {
  parseCategory,
  parseCpus,
  parseDuration,
  parseId,
  parseMemory,
  parseMill,
  parseTrust,
  wholeNumber,
} from "../args.ts";
import { connectToSign } from "../connect.ts";
import { contextOf } from "../context.ts";

type Options = {
  price: bigint;
  category: number;
  cpus: number;
  memory: number;
  disk: number;
  maxTrust: number;
  grace: number;
  lane: number;
  workerStake: number;
  share: number;
  expires?: number;
};

export const poolOffer = new Command("offer")
  .description("Sign an order that offers the work of your pool at a price per task, and post it. Free")
  .argument("<id>", "pool id", parseId)
  .requiredOption("--price <mill>", "MILL per task", parseMill)
  .option("--category <0..4>", "how long a task may take", parseCategory, 0)
  .option("--cpus <n>", "cores for one task", parseCpus, 1_000)
  .option("--memory <size>", "memory for one task", parseMemory, 1_024)
  .option("--disk <size>", "output of one task", parseMemory, 1_024)
  .option("--max-trust <n>", "highest trust that its workers can reach", parseTrust, 8)
  .option("--grace <seconds>", "time in which it may decline", wholeNumber(0, 7_200), 60)
  .option("--lane <n>", "lane that settles these tasks", wholeNumber(0, 255), 0)
  .option("--worker-stake <bps>", "stake on each vote, basis points of the price", wholeNumber(0, 10_000), 3_000)
  .option("--share <bps>", "the pool's own share, basis points of the price", wholeNumber(0, 10_000), 500)
  .option("--expires <time>", "from now, such as 7d (default: 30d)", parseDuration)
  .addHelpText("after", "\nExample:\n  gridmill pool offer 1 --price 1 --category 0 --account pool-owner")
  .action(async (pool: bigint, options: Options, command: Command) => {
    const context = contextOf(command);
    await using grid = await connectToSign(context);
    const { price, category, cpus, memory, disk, maxTrust, grace, lane, workerStake, share, expires } = options;
    const capabilities = { ...NO_RESOURCES, cpuMillicores: cpus, memoryMiB: memory, diskMiB: disk };
    const terms = { pool, price, category, capabilities, maxTrust, grace, lane, workerStake, schedulerShare: share };
    const order = await grid.pools.offer({ ...terms, ...(expires === undefined ? {} : { expiresInSeconds: expires }) });
    context.print(order, `order ${order.hash}: pool ${pool}, category ${category} at ${formatMill(price)} MILL a task`);
  });
