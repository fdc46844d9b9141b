import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { homePaths } from "../../cli/home.ts";
import { readLocalState } from "../../cli/local/local-state.ts";
import { localPaths } from "../../cli/local/paths.ts";
import { MILL } from "../../protocol/amounts.ts";
import { NO_RESOURCES } from "../../protocol/capabilities.ts";
import type { RequestOrder } from "../../protocol/orders.ts";
import { paramsHashOf } from "../../protocol/params.ts";
import type { Hash } from "../../protocol/primitives.ts";

import { randomHash } from "../../sdk/random.ts";

import { asWorker } from "./e2e-bad-gateway.ts";
import { MISBEHAVE, NOBODY } from "./e2e-bad-market.ts";
import type { BadMarket } from "./e2e-bad-market.ts";
import { BY_COMMAND, command, run } from "./e2e-case.ts";
import type { Case } from "./e2e-case.ts";
import { endOf } from "./e2e-ended.ts";
import type { Ended } from "./e2e-ended.ts";
import { tempDir } from "./temp-dir.ts";
import { waitFor } from "./wait-for.ts";

/** Commands that must end at once, before anything is paid. */
export const COMMANDS: readonly Case[] = [
  {
    name: "an image that its registry does not have",
    act: (market: BadMarket): Promise<Ended> => run(`${market.local.registry}/nobody:1`)(market),
    ends: { exit: 3, code: "GM_IMAGE_NOT_FOUND" },
    within: BY_COMMAND,
  },
  {
    name: "an image of a registry that does not answer",
    act: run("127.0.0.1:1/nobody:1"),
    ends: { exit: 4, code: "GM_REGISTRY_UNREACHABLE" },
    within: BY_COMMAND,
  },
  {
    name: "a name that no image can have",
    act: run("Not An Image"),
    ends: { exit: 2, code: "GM_BAD_INPUT" },
    within: BY_COMMAND,
  },
  {
    name: "an app whose registry has another digest",
    act: (market: BadMarket): Promise<Ended> => run(`${market.ghost}`)(market),
    ends: { exit: 3, code: "GM_IMAGE_NOT_FOUND" },
    within: BY_COMMAND,
  },
  {
    name: "an app that nobody registered",
    act: run("4711"),
    ends: { exit: 3, code: "GM_ASSET_UNKNOWN" },
    within: BY_COMMAND,
  },
  {
    name: "a dataset that nobody registered",
    act: (market: BadMarket): Promise<Ended> => run(`${market.app}`, "--dataset", "4711")(market),
    ends: { exit: 3, code: "GM_ASSET_UNKNOWN" },
    within: BY_COMMAND,
  },
  {
    name: "a dataset that is encrypted",
    act: async (market: BadMarket): Promise<Ended> => {
      const { calls, grid, send } = market.requester;
      await send(calls.registerDataset(NOBODY, randomHash(), true));
      const encrypted = (await grid.datasets.list()).find((dataset) => dataset.encrypted);
      return await run(`${market.app}`, "--dataset", `${encrypted?.id ?? 1n}`)(market);
    },
    ends: { exit: 3, code: "GM_DATASET_ENCRYPTED" },
    within: BY_COMMAND,
  },
  {
    name: "a dataset published with the URL of another file",
    act: (market: BadMarket): Promise<Ended> =>
      endOf(market.local, ["dataset", "publish", "README.md", "--url", `${market.local.poolUrl}/health`, "--yes"]),
    ends: { exit: 2, code: "GM_BAD_INPUT" },
    within: BY_COMMAND,
  },
  {
    name: "a dataset published where nobody serves it",
    act: command(["dataset", "publish", "README.md", "--url", NOBODY, "--yes"]),
    ends: { exit: 4, code: "GM_DATASET_UNREACHABLE" },
    within: BY_COMMAND,
  },
  { name: "a folder that is no app", act: run("docs"), ends: { exit: 2, code: "GM_BAD_APP" }, within: BY_COMMAND },
  {
    name: "an input that cannot be read",
    act: run(MISBEHAVE, "--input", "no-such-file"),
    ends: { exit: 2, code: "GM_BAD_INPUT" },
    within: BY_COMMAND,
  },
  {
    name: "two inputs of one name",
    act: run(MISBEHAVE, "--input", "README.md", "--input", "docs/cli.md=README.md"),
    ends: { exit: 2, code: "GM_USAGE" },
    within: BY_COMMAND,
  },
  {
    name: "more trust than any pool offers",
    act: run(MISBEHAVE, "--trust", "1000"),
    ends: { exit: 3, code: "GM_NO_OFFER" },
    within: BY_COMMAND,
  },
  {
    name: "trust below 2",
    act: run(MISBEHAVE, "--trust", "1"),
    ends: { exit: 2, code: "GM_USAGE" },
    within: BY_COMMAND,
  },
  {
    name: "a demo that asks its workers for more trust than they can reach",
    act: command(["demo", "--with-cheater", "--trust", "4"]),
    ends: { exit: 2, code: "GM_USAGE" },
    within: BY_COMMAND,
  },
  {
    name: "a price that no pool takes",
    act: run(MISBEHAVE, "--max-price", "0.9"),
    ends: { exit: 3, code: "GM_NO_OFFER" },
    within: BY_COMMAND,
  },
  {
    name: "a machine that no pool has",
    act: run(MISBEHAVE, "--cpus", "1000"),
    ends: { exit: 3, code: "GM_NO_OFFER" },
    within: BY_COMMAND,
  },
  {
    name: "a folder for the results that is not empty",
    act: async ({ local }: BadMarket): Promise<Ended> => {
      await using dir = await tempDir();
      const out = join(dir.path, "out");
      await mkdir(out);
      await writeFile(join(out, "mine"), "keep me");
      return await endOf(local, ["run", "--yes", "--out", out, MISBEHAVE]);
    },
    ends: { exit: 3, code: "GM_OUTPUT_EXISTS" },
    within: BY_COMMAND,
  },
];

/** Waits, for seconds and not for the deadline, until the requester is told what is wrong with the only task of a deal. */
export async function wordOf(
  { requester }: BadMarket,
  dealId: Hash,
  expected: string,
  timeoutMs = 20_000,
): Promise<Ended> {
  const told = async (): Promise<string | false> => {
    const [task] = (await requester.grid.deals.show(dealId)).tasks;
    const words = task!.waitingFor ?? task!.status;
    return words.includes(expected) && expected;
  };
  return { task: await waitFor("the requester to be told", told, { timeoutMs }) };
}

/** The lease that the pool has given for the only task of a deal, from its log: nobody outside is told. */
async function leaseOf({ local }: BadMarket, dealId: Hash): Promise<{ taskId: string; leaseId: string }> {
  const state = await readLocalState(localPaths(homePaths(local.home).local).state);
  const { logFile } = state!.children.find(({ name }) => name === "pool")!;
  const given = async (): Promise<{ task: string; lease: string } | undefined> => {
    const lines = (await readFile(logFile, "utf8")).split("\n").filter((line) => line.includes("lease given"));
    const found = lines.find((line) => line.includes(dealId));
    return found === undefined ? undefined : (JSON.parse(found) as { task: string; lease: string });
  };
  const { task, lease } = await waitFor("a lease", given, { timeoutMs: 90_000 });
  return { taskId: task, leaseId: lease };
}

/** Has a request matched past the market's checks. */
export async function matchedByHand({ requester, matchOf }: BadMarket, request: RequestOrder): Promise<Hash> {
  const { calls, grid, send, sign } = requester;
  const { hash } = await send(calls.matchOrders(await matchOf(await sign("request", request))));
  const known = async () => (await grid.deals.list()).find(({ transactionHash }) => transactionHash === hash);
  return (await waitFor("the market to know the deal", known)).dealId;
}

/** Cheaper than the pool's own offers for these categories, so that it is the one that is taken. */
const CAPABILITIES = { ...NO_RESOURCES, cpuMillicores: 1_000, memoryMiB: 512, diskMiB: 256 };
const OFFER = { pool: 1n, price: MILL, capabilities: CAPABILITIES };

/** What the market refuses can still be matched by hand: nobody can do the work then, and everybody is told why. */
export const HOPELESS: readonly Case[] = [
  {
    name: "params that nobody has, matched past the market",
    act: async (market: BadMarket): Promise<Ended> => {
      const dealId = await matchedByHand(market, market.request({ paramsHash: paramsHashOf("lost") }));
      return await wordOf(market, dealId, "nobody has its params");
    },
    ends: { task: "nobody has its params" },
    within: 10,
  },
  {
    name: "an image with another digest, matched at a pool without grace",
    act: async (market: BadMarket): Promise<Ended> => {
      const dealId = await matchedByHand(market, market.request({ app: market.ghost }));
      return await wordOf(market, dealId, "is not in its registry");
    },
    ends: { task: "is not in its registry" },
    within: 10,
  },
  {
    name: "an image with another digest, matched at a pool with grace",
    act: async (market: BadMarket): Promise<Ended> => {
      const { poolOwner, request, ghost } = market;
      await poolOwner.grid.pools.offer({ ...OFFER, category: 4, grace: 600 });
      return await wordOf(market, await matchedByHand(market, request({ app: ghost, category: 4 })), "declined");
    },
    ends: { task: "declined" },
    within: 15,
  },
];

/** All of them together on two cores and three workers with a slot each, their epochs included. */
const SETTLED = 120;

/** An app that does what its arguments say, on workers who all see the same. */
const misbehaving = (name: string, args: readonly string[], task: string, ...options: readonly string[]): Case => ({
  name,
  act: run(...options, MISBEHAVE, "--", ...args),
  ends: { exit: task === "settled, exit 0" ? 0 : 1, task },
  within: SETTLED,
  costs: MILL,
});

/** Apps that fail, each in its own way: their tasks are settled all the same. */
export const APPS: readonly Case[] = [
  misbehaving("an app that exits with 3", ["exit", "3"], "settled, exit 3"),
  misbehaving("an app that runs forever", ["forever"], "settled, failed: time", "--seconds", "1s"),
  misbehaving("an app that writes nothing", ["nothing"], "settled, exit 0"),
  misbehaving("an app that writes a link", ["symlink"], "settled, failed: output-kind"),
  misbehaving("an app that writes a pipe", ["fifo"], "settled, failed: output-kind"),
  misbehaving("an app that forges a line of the manifest", ["bad-name"], "settled, failed: output-name"),
  misbehaving("an app that writes more than it may", ["fill-disk"], "settled, failed: disk"),
  misbehaving("an app that takes more memory than it may", ["fill-memory"], "settled, failed: memory"),
  misbehaving("an app that logs without end", ["print"], "settled, failed: log-size"),
  {
    name: "a worker that answers for another",
    act: async (market: BadMarket): Promise<Ended> => {
      const params = '{"version":1,"args":["slow","3"]}';
      await market.requester.grid.market.putParams(params);
      const dealId = await matchedByHand(market, market.request({ paramsHash: paramsHashOf(params) }));
      const { taskId, leaseId } = await leaseOf(market, dealId);
      const forged = (said: object): string => JSON.stringify({ ...said, leaseId });
      const ended = await asWorker(market, [
        forged({ type: "refuse", code: "GM_NO_CAPACITY", message: "not mine" }),
        forged({ type: "computed", taskId, tag: randomHash() }),
      ]);
      await wordOf(market, dealId, "settled", 90_000);
      return ended;
    },
    ends: { task: "drop: task is running and wants no vote of this lease" },
    within: SETTLED,
    costs: MILL,
  },
  {
    name: "more trust than the workers there are can reach",
    act: async (market: BadMarket): Promise<Ended> => {
      await market.poolOwner.grid.pools.offer({ ...OFFER, category: 3, grace: 0, maxTrust: 100 });
      const options = ["--trust", "9", "--category", "3", "--max-price", "1", "--timeout", "10s"];
      return await run(...options, MISBEHAVE, "--", "nothing")(market);
    },
    ends: { exit: 5, code: "GM_TIMED_OUT" },
    within: 60,
  },
];
