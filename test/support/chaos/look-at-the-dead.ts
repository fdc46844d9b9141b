import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import type { Intent } from "../../../chain/intent.ts";
import { createFileJournal } from "../../../chain/node/file-journal.ts";
import { connectChain } from "../../../chain/rpc.ts";
import { createSenderChain } from "../../../chain/sender-chain.ts";
import type { LocalPlan } from "../../../cli/local/local-plan.ts";
import { homePaths } from "../../../cli/home.ts";
import { localPaths } from "../../../cli/local/paths.ts";
import { serviceNamed } from "../../../cli/local/service.ts";
import { redisUrl } from "../../../cli/local/services.ts";
import { openDatabase } from "../../../market/store/database.ts";
import type { Database } from "../../../market/store/database.ts";
import { createStateStore } from "../../../market/store/state-store.ts";
import type { Address, Hash } from "../../../protocol/primitives.ts";
import type { TaskRecord } from "../../../scheduler/domain/tasks/task-state.ts";
import { createRedisJournal } from "../../../scheduler/store/chain-journal.ts";
import { createDealStore } from "../../../scheduler/store/tasks/deal-store.ts";
import { createEpochStore } from "../../../scheduler/store/epoch-store.ts";
import { connectRedis, keysOf } from "../../../scheduler/store/redis.ts";
import { createTaskStore } from "../../../scheduler/store/tasks/task-store.ts";
import { BallotRecordSchema, VoteRecordSchema } from "../../../worker/journal/journal.ts";
import { placeIn } from "../../../worker/place.ts";
import { LEASE_LABEL } from "../../../worker/executor/sweep.ts";
import { askEngine, labelled } from "../engine-api.ts";
import type { LocalMarket } from "../local-market.ts";

import type { Kill } from "./crash-points.ts";
import { recordsIn } from "./worker-journal.ts";
import { ballotState } from "./worker-points.ts";

/** Reads how things stand from where they are kept: Redis, the journals, the database, the engine, the chain. */
export interface Onlooker extends AsyncDisposable {
  /** The state of what a kill was about; `-` when there is no such thing. */
  look(kill: Kill): Promise<string>;
  /** What the pool knows of a task. */
  task(taskId: Hash): Promise<TaskRecord | undefined>;
  /** How many leases are out. */
  leasesOut(): Promise<number>;
}

const NONE = "-";

export async function openOnlooker(market: LocalMarket, plan: LocalPlan): Promise<Onlooker> {
  const { deployment } = market;
  const redis = await connectRedis(redisUrl(plan.ports), () => {});
  const keys = keysOf(BigInt(deployment.chainId), plan.pool!);
  const provider = await connectChain({ rpcUrls: [market.chainUrl], chainId: deployment.chainId });
  const chain = createSenderChain(provider);
  const genesis = await chain.genesis();
  const scopeOf = (name: string): string => `${deployment.chainId}-${genesis.slice(2, 18)}-${plan.accounts[name]!}`;
  const local = localPaths(homePaths(market.home).local);
  const ownJournal = createFileJournal({ dir: join(local.root, "journals") });
  const [tasks, deals, epochs] = [
    createTaskStore(redis, keys),
    createDealStore(redis, keys),
    createEpochStore(redis, keys),
  ];
  const journal = createRedisJournal(redis, keys);

  const readers: Readonly<Record<string, (kill: Kill) => Promise<string>>> = {
    task: async ({ id }) => (await tasks.get(id as Hash))?.state ?? NONE,
    vote: async ({ id }) => {
      const [taskId, leaseId] = id.split("/") as [Hash, string];
      return (await tasks.get(taskId))?.votes.find((vote) => vote.leaseId === leaseId)?.state ?? NONE;
    },
    deal: async ({ id }) => (await deals.get(id as Hash))?.stage ?? NONE,
    epoch: async () => (await epochs.current(0))?.state ?? NONE,
    ballot: async ({ id }) =>
      (await epochs.ballots(0, (await epochs.current(0))!.epoch)).has(id as Address) ? "kept" : NONE,
    opening: async ({ id }) =>
      (await epochs.openings(0, (await epochs.current(0))!.epoch))[id as Address] ? "kept" : NONE,
    "own lease": async ({ id }) => inJournal(plan, "leases", id, () => "accepted"),
    "own vote": async ({ id }) => inJournal(plan, "votes", id, (json) => VoteRecordSchema.parse(json).standing),
    "own ballot": async ({ id }) =>
      inJournal(plan, "ballots", id, (json) => ballotState(BallotRecordSchema.parse(json))),
    run: ({ id }) => containersOf(id),
    command: () => runState(join(local.root, "runs")),
  };

  return {
    look: async (kill) => {
      const read = readers[kill.of];
      if (read) return read(kill);
      if (!kill.of.endsWith("transaction")) return inBook(plan, kill);
      const isOwn = kill.of === "match transaction";
      const [of, by] = isOwn ? ([ownJournal, "requester"] as const) : ([journal, "pool-operator"] as const);
      return intentState(await of.get(scopeOf(by), kill.id), (hash) => chain.knows(hash));
    },
    task: (taskId) => tasks.get(taskId),
    leasesOut: () => redis.zcard(keys("leases")),
    async [Symbol.asyncDispose]() {
      redis.disconnect();
      provider.destroy();
    },
  };
}

/** An open intent whose transaction the chain knows was sent. */
async function intentState(intent: Intent | undefined, knows: (hash: Hash) => Promise<boolean>): Promise<string> {
  if (intent?.state !== "open") return intent?.state ?? NONE;
  const sent = await Promise.all(intent.attempts.map(({ hash }) => knows(hash)));
  return sent.includes(true) ? "sent" : "open";
}

/** What a worker has written. @param id the worker's name, and the key of the record */
function inJournal(plan: LocalPlan, shelf: string, id: string, stateOf: (json: unknown) => string): string {
  const [name, key] = id.split("/") as [string, string];
  const found = recordsIn(placeIn(serviceNamed(plan, name).env["GRIDMILL_DATA"]!).journal, shelf).get(key);
  return found === undefined ? NONE : stateOf(found);
}

/** What the record of the only run says; one that is not signed, or done, has none. */
async function runState(folder: string): Promise<string> {
  const [name] = (await readdir(folder).catch(() => [])).filter((entry) => entry.endsWith(".json"));
  if (name === undefined) return NONE;
  return (JSON.parse(await readFile(join(folder, name), "utf8")) as { readonly state: string }).state;
}

/** How the containers of a lease stand. */
async function containersOf(id: string): Promise<string> {
  const query = labelled(`${LEASE_LABEL}=${id.split("/")[1]}`);
  const containers = (await askEngine(`/containers/json?all=1&${query}`)) as { readonly State: string }[];
  return containers.length === 0 ? "no container" : `container ${containers.map(({ State }) => State).join(", ")}`;
}

/** What the market's embedded database says, opened as the next market would: its process must be dead. */
async function inBook(plan: LocalPlan, { of, id, column }: Kill): Promise<string> {
  if (column !== "market") return "in the market's own hands";
  await using stack = new AsyncDisposableStack();
  const { dataDir: folder } = serviceNamed(plan, "market");
  const db = stack.adopt(await openDatabase({ kind: "embedded", folder }), (it) => it.destroy());
  const find = BOOK[of];
  return (await find?.(db, id)) ?? NONE;
}

type Find = (db: Database, id: string) => Promise<string | undefined>;

/** How each thing of the book is found. */
const BOOK: Readonly<Record<string, Find>> = {
  order: async (db, id) =>
    (await db.selectFrom("orders").select("status").where("hash", "=", id).executeTakeFirst())?.status,
  params: async (db, id) =>
    (await db.selectFrom("params").select("hash").where("hash", "=", id).executeTakeFirst()) && "kept",
  "market deal": async (db, id) => {
    const deal = await db.selectFrom("deals").select("ended").where("deal_id", "=", id).executeTakeFirst();
    return deal && (deal.ended ?? "open");
  },
  "market task": async (db, id) => {
    const task = await db.selectFrom("tasks").select("digest").where("task_id", "=", id).executeTakeFirst();
    return task?.digest ? "settled" : "open";
  },
  checkpoint: async (db, id) => ((await createStateStore(db).followed()) >= Number(id) ? "next" : "block"),
  lead: async (db, id) => {
    const leader = await db.selectFrom("state").select("value").where("name", "=", "leader").executeTakeFirst();
    return leader?.value.endsWith(id) ? "taken" : "free";
  },
};
