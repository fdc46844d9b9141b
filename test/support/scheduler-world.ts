import { join } from "node:path";
import { Readable } from "node:stream";

import { pino } from "pino";

import { ballotSigner } from "../../chain/sign.ts";
import { dealIdOf } from "../../protocol/deal.ts";
import type { Deal } from "../../protocol/deal.ts";
import { toJson } from "../../protocol/json.ts";
import { WorkerMessageSchema } from "../../protocol/messages.ts";
import type { SchedulerMessage, WorkerMessage } from "../../protocol/messages.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import { PROBATION_RESULTS } from "../../scheduler/domain/workers/conduct.ts";
import type { PoolContext } from "../../scheduler/actions/context.ts";
import { enterDeal } from "../../scheduler/actions/following/enter-deal.ts";
import { followEvent } from "../../scheduler/actions/following/follow-chain.ts";
import { createCrowd } from "../../scheduler/actions/placing/crowd.ts";
import { offerWork } from "../../scheduler/actions/placing/offer-work.ts";
import { placeTask } from "../../scheduler/actions/placing/place-task.ts";
import { runLane } from "../../scheduler/epochs/run-lane.ts";
import { sweep } from "../../scheduler/actions/sweep.ts";
import { createFileBlobStore } from "../../scheduler/blobs/blob-store.ts";
import type { SchedulerConfig } from "../../scheduler/config.ts";
import type { TaskRecord } from "../../scheduler/domain/tasks/task-state.ts";
import { hearMessage } from "../../scheduler/http/hear-message.ts";
import type { Wake } from "../../scheduler/ports.ts";
import { createPoolMetrics } from "../../scheduler/metrics/pool-metrics.ts";
import type { PoolMetrics } from "../../scheduler/metrics/pool-metrics.ts";
import { createAppStore } from "../../scheduler/store/apps.ts";
import { createAwaitedUploads } from "../../scheduler/store/awaited-uploads.ts";
import { createBlobLedger } from "../../scheduler/store/blob-ledger.ts";
import { createDealStore } from "../../scheduler/store/tasks/deal-store.ts";
import { createDoubtStore } from "../../scheduler/store/doubts.ts";
import { createDrainStore } from "../../scheduler/store/drain-store.ts";
import { createEpochStore } from "../../scheduler/store/epoch-store.ts";
import { createQuarantine } from "../../scheduler/store/quarantine.ts";
import { connectRedis, keysOf } from "../../scheduler/store/redis.ts";
import type { Keys, RedisConnection } from "../../scheduler/store/redis.ts";
import { createTaskStore } from "../../scheduler/store/tasks/task-store.ts";
import { createWaitingTasks } from "../../scheduler/store/tasks/waiting-tasks.ts";
import { createWorkerStore } from "../../scheduler/store/workers/worker-store.ts";
import { BALLOT_DOMAIN, CHAIN_ID, FakeHub, fakeOperator, fakePoolChain } from "./scheduler-chain.ts";
import { aDeal, firstOf, PARAMS } from "./scheduler-records.ts";
import { testConfig } from "./scheduler-config.ts";
import { FakeWorker, isOwner } from "./scheduler-worker.ts";
import type { Manners } from "./scheduler-worker.ts";
import { tempDir } from "./temp-dir.ts";

/** A cover that no test of one pool uses up, in wei. */
const COVER = 1_000_000n;
/** The pool's sweep comes every so many seconds. */
const SWEEP_SECONDS = 5;

let pools = 0;

/** What the pool is told to do next; each purpose once, as its queues keep them. */
type Due = { readonly wakes: Set<string>; readonly later: Map<string, number> };

/**
 * A pool whose state is in a real Redis, whose chain and workers are in memory, and whose queues are two lists: a test
 * decides when which job runs, and every message, wake and second is accounted for.
 */
export class SchedulerWorld implements AsyncDisposable {
  readonly hub = new FakeHub();
  readonly workers = new Map<Address, FakeWorker>();
  readonly keys: Keys;
  readonly redis: RedisConnection;
  readonly metrics: PoolMetrics;
  /** The actions' context; a test that kills a process puts another in its place. */
  pool: PoolContext;
  /** Texts that the market has, by the hash of them. */
  params: string | undefined = PARAMS;
  #due: Due = { wakes: new Set(), later: new Map() };
  #outbox: (readonly [Address, SchedulerMessage])[] = [];
  #handled = 0;
  #lastSweep = 0;
  /** Where the pool keeps its files. */
  readonly folder: string;
  readonly #owned: AsyncDisposableStack;

  private constructor(redis: RedisConnection, folder: string, config: SchedulerConfig, owned: AsyncDisposableStack) {
    this.redis = redis;
    this.keys = keysOf(BigInt(CHAIN_ID), BigInt(++pools) * 1_000_000n);
    this.#owned = owned;
    this.folder = folder;
    this.metrics = createPoolMetrics(config.pool);
    this.pool = this.context(folder, config);
  }

  static async open(redisUrl: string, env: Readonly<Record<string, string>> = {}): Promise<SchedulerWorld> {
    await using owned = new AsyncDisposableStack();
    const folder = owned.use(await tempDir());
    const redis = await connectRedis(redisUrl, () => {});
    owned.defer(() => redis.disconnect());
    return new SchedulerWorld(redis, folder.path, testConfig(env), owned.move());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#owned.disposeAsync();
  }

  private context(folder: string, config: SchedulerConfig): PoolContext {
    const { redis, keys } = this;
    const tasks = createTaskStore(redis, keys, this.metrics.taskChanged);
    const workers = createWorkerStore(redis, keys);
    const chain = fakePoolChain(this.hub);
    return {
      config,
      log: pino({ level: "silent" }),
      tasks,
      waiting: createWaitingTasks(redis, keys),
      deals: createDealStore(redis, keys),
      workers,
      crowd: createCrowd({ workers, tasks, chain, clock: Date }, 0),
      ...{ apps: createAppStore(redis, keys, Date.now), doubts: createDoubtStore(redis, keys) },
      epochs: createEpochStore(redis, keys, this.metrics.epochChanged),
      uploads: createAwaitedUploads(redis, keys),
      ...{ drain: createDrainStore(redis, keys), quarantine: createQuarantine(redis, keys) },
      ledger: createBlobLedger(redis, keys),
      blobs: createFileBlobStore(join(folder, "blobs")),
      ...{ chain, clock: Date },
      events: { at: () => Promise.resolve(undefined) },
      operator: fakeOperator(this.hub),
      messenger: { send: async (worker, message) => void this.#outbox.push([worker, message]) },
      wake: this.wake(),
      params: { fetch: () => Promise.resolve(this.params) },
      images: { check: () => Promise.resolve("unknown") },
      random: () => 0.5,
      failed: this.metrics.failed,
    };
  }

  private wake(): Wake {
    const add = async (purpose: string, delayMs = 0): Promise<void> => {
      if (delayMs === 0) this.#due.wakes.add(purpose);
      else if (!this.#due.later.has(purpose)) this.#due.later.set(purpose, this.hub.now + Math.ceil(delayMs / 1_000));
    };
    return {
      deal: (dealId, delayMs) => add(`deal ${dealId}`, delayMs),
      task: (taskId, delayMs) => add(`task ${taskId}`, delayMs),
      lane: (lane, delayMs) => add(`lane ${lane}`, delayMs),
      laneSoon: (lane) => void add(`lane ${lane}`),
      offers: () => void add("offers"),
      event: (id) => add(`event ${id}`),
    };
  }

  /* WHAT A TEST DOES */

  /** Connects a worker with cover for its stakes. */
  async connect(index: number, manners: Manners = {}): Promise<FakeWorker> {
    const put = async (bytes: Buffer, sha256: string): Promise<void> => {
      await this.pool.blobs.write(sha256, Readable.from([bytes]), bytes.length);
    };
    const worker = new FakeWorker(index, this.hub, put, manners);
    this.workers.set(worker.address, worker);
    this.hub.covers.set(worker.address, COVER);
    await this.reconnect(worker);
    return worker;
  }

  /** Brings workers through their probation. */
  async trust(...workers: readonly FakeWorker[]): Promise<void> {
    for (const { address } of workers)
      for (let result = 0; result < PROBATION_RESULTS; result++)
        await this.pool.workers.note(address, "confirmed", Date.now());
  }

  async reconnect(worker: FakeWorker): Promise<void> {
    for (const message of worker.hello()) await this.hear(worker.address, message);
  }

  /** What a worker says reaches the pool through the schema, as through a socket. */
  async hear(worker: Address, message: WorkerMessage): Promise<void> {
    const said = WorkerMessageSchema.parse(JSON.parse(toJson(message)));
    const signer = (ballot: Parameters<typeof ballotSigner>[0], signature: Parameters<typeof ballotSigner>[1]) =>
      ballotSigner(ballot, signature, BALLOT_DOMAIN);
    await hearMessage(this.pool, worker, said, { chainId: CHAIN_ID, ballotSigner: signer, isOwner });
  }

  openDeal(changes: Partial<Deal> = {}): Deal {
    const deal = aDeal({ pool: this.pool.config.pool, openedAt: this.hub.now, ...changes });
    this.hub.openDeal(deal);
    return deal;
  }

  /** Runs whatever is due, and lets time pass when nothing is, until `done`. Fails when nothing comes of it. */
  async drive(what: string, done: () => Promise<boolean> | boolean, seconds = 600): Promise<void> {
    const end = this.hub.now + seconds;
    while (!(await done())) {
      if (this.hub.now > end) throw new Error(`not within ${seconds} s of chain time: ${what}`);
      if (!(await this.step())) this.hub.now += 1;
    }
  }

  /** Runs all that is due now; time stands still. */
  async settleDown(): Promise<void> {
    while (await this.step());
  }

  /** Does one thing; false when nothing was to be done at this second. */
  async step(): Promise<boolean> {
    const message = this.#outbox.shift();
    if (message) return this.deliver(...message);
    if (await this.followOne()) return true;
    const [wake] = this.#due.wakes;
    if (wake !== undefined) {
      this.#due.wakes.delete(wake);
      return this.run(wake);
    }
    const [due] = [...this.#due.later].filter(([, at]) => at <= this.hub.now);
    if (due) {
      this.#due.later.delete(due[0]);
      return this.run(due[0]);
    }
    if (this.hub.now - this.#lastSweep < SWEEP_SECONDS) return false;
    this.#lastSweep = this.hub.now;
    return this.run("sweep");
  }

  /** All that a process had in hand is gone with it, its queues' content too; workers connect again to the next. */
  async restart(pool: PoolContext = this.pool): Promise<void> {
    this.pool = pool;
    this.loseAll();
    for (const worker of this.workers.values()) await this.reconnect(worker);
  }

  /** Its checkpoint is lost: every event of the chain comes again. */
  forgetChain(): void {
    this.#handled = 0;
  }

  /** Every wake and every message on its way is lost. */
  loseAll(): void {
    this.#due = { wakes: new Set(), later: new Map() };
    this.#outbox = [];
  }

  /** No heartbeat has come for too long: every lease that is out has run out. */
  async runOutLeases(): Promise<void> {
    const leases = await this.redis.zrange(this.keys("leases"), "0", "-1");
    for (const lease of leases) await this.redis.zadd(this.keys("leases"), 1, lease);
  }

  /* ITS MACHINERY */

  /** What the pool says reaches a worker, and what it replies reaches the pool. */
  async deliver(address: Address, message: SchedulerMessage): Promise<true> {
    const replies = (await this.workers.get(address)?.answer(message)) ?? [];
    for (const reply of replies) await this.hear(address, reply);
    return true;
  }

  private async run(purpose: string): Promise<true> {
    const [kind, name] = purpose.split(" ") as [string, string];
    if (kind === "deal") await enterDeal(this.pool, name as Hash);
    else if (kind === "task") await placeTask(this.pool, name as Hash);
    else if (kind === "lane") await runLane(this.pool, Number(name), new AbortController().signal);
    else if (kind === "offers") await offerWork(this.pool);
    else await sweep(this.pool);
    return true;
  }

  /** Takes in the next event of the chain; it counts as handled only afterwards. */
  private async followOne(): Promise<boolean> {
    const event = this.hub.events[this.#handled];
    if (!event) return false;
    await followEvent(this.pool, event as Parameters<typeof followEvent>[1]);
    this.#handled++;
    return true;
  }

  /* WHAT A TEST ASKS */

  stateOf = async (taskId: Hash): Promise<string | undefined> => (await this.pool.tasks.get(taskId))?.state;

  /** The first task of a deal that the pool has entered. */
  taskOf = async (deal: Deal): Promise<TaskRecord> => (await this.pool.tasks.get(firstOf(deal)))!;

  /** Asks whether the epoch of lane 0 is in this state. */
  epochIs(state: string): () => Promise<boolean> {
    return async () => (await this.pool.epochs.current(0))?.state === state;
  }

  isSettled(deal: Deal): () => boolean {
    return () => !this.hub.isOpen(dealIdOf(deal)) && !this.hub.closed.has(dealIdOf(deal));
  }
}
