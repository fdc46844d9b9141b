/**
 * From `DealOpened` to the start of the task's container, on an idle pool that has the image: `npm run bench:latency`.
 * Prints one JSON value; `-- --write` renews `bench/results/latency.json`. The time starts when the node first shows the block with the event, and ends with the container's
 * own StartedAt; both are of this machine's clock. Blocks of 1 s, no confirmations.
 */
import { connectEngine } from "../../worker/executor/engine.ts";
import { openPerson } from "../../test/support/e2e-person.ts";
import type { Person } from "../../test/support/e2e-person.ts";
import { startLocalMarket } from "../../test/support/local-market.ts";
import type { LocalMarket } from "../../test/support/local-market.ts";
import { waitFor } from "../../test/support/wait-for.ts";
import { NO_RESOURCES } from "../../protocol/capabilities.ts";
import { report } from "../report.ts";
import { median, takeStamp } from "../stamp.ts";
import { watchBlocks, watchStarts } from "./watches.ts";
import type { BlockWatch, StartWatch } from "./watches.ts";

const ROUNDS = 10;
const TARGET_MS = 1_500;
const APP = "test/support/apps/misbehave";

/** Milliseconds from the block to the first container of the deal, and to the last of its two. */
type Round = { readonly first: number; readonly last: number };

async function publish(market: LocalMarket, { grid }: Person): Promise<bigint> {
  const { code, json, stderr } = await market.run(["app", "publish", APP, "--yes"]);
  if (code !== 0) throw new Error(stderr);
  const app = BigInt((json as { id: string }).id);
  await grid.apps.offer({ app, price: 0n });
  return app;
}

async function measure({ grid }: Person, app: bigint, { blocks, starts }: Watches): Promise<Round> {
  const mark = crypto.randomUUID();
  const spec = {
    ...{ app, volume: 1, category: 0, trust: 3, uploads: [] },
    params: JSON.stringify({ version: 1, args: ["slow", "1", mark] }),
    requirements: { ...NO_RESOURCES, cpuMillicores: 500, memoryMiB: 64, diskMiB: 16 },
  };
  const { receipt, dealId } = await grid.requests.submit(spec, await grid.requests.prepare(spec));
  const settled = async () => (await grid.deals.show(dealId)).tasks[0]!.status === "settled";
  await waitFor("the deal to be settled", settled, { timeoutMs: 60_000 });
  const times = starts.of(mark).map((time) => time - blocks.shownAt(receipt.blockNumber));
  return { first: Math.min(...times), last: Math.max(...times) };
}

type Watches = { readonly blocks: BlockWatch; readonly starts: StartWatch };

const stamp = takeStamp();
await using market = await startLocalMarket(["--workers", "3"]);
await using requester = await openPerson(market, "requester");
await using blocks = watchBlocks(market.chainUrl);
await using starts = await watchStarts(connectEngine({ socketPath: "/var/run/docker.sock" }));
const app = await publish(market, requester);
await measure(requester, app, { blocks, starts }); // fetches the image
const rounds: Round[] = [];
while (rounds.length < ROUNDS) rounds.push(await measure(requester, app, { blocks, starts }));
const medianMs = median(rounds.map(({ first }) => first));
const medianOfLastMs = median(rounds.map(({ last }) => last));
const conditions = { blockSeconds: 1, confirmations: 0, votes: 2, workers: 3 };
await report({
  ...{ bench: "latency", ...stamp, ...conditions },
  ...{ rounds, medianMs, medianOfLastMs, targetMs: TARGET_MS },
});
