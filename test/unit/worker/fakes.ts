import { randomUUID } from "node:crypto";

import { pino } from "pino";

import type { WorkerState } from "../../../chain/reader.ts";
import { dealIdOf, taskIdOf } from "../../../protocol/deal.ts";
import type { Deal } from "../../../protocol/deal.ts";
import { digestOf, manifestOf } from "../../../protocol/digest.ts";
import { keptVotesHash } from "../../../protocol/kept-votes.ts";
import type { KeptVote } from "../../../protocol/settlement.ts";
import type { Lease } from "../../../protocol/lease.ts";
import { ZERO_ADDRESS, ZERO_HASH } from "../../../protocol/primitives.ts";
import type { Address, Hash } from "../../../protocol/primitives.ts";
import type { LaneState, LaneView, TaskPlace, WorkerChain } from "../../../worker/chain/worker-chain.ts";
import { AbortedError } from "../../../worker/executor/errors.ts";
import type { Executor, RunOutcome, RunSpec } from "../../../worker/executor/executor.ts";
import type { BallotRecord, Journal, Shelf } from "../../../worker/journal/journal.ts";
import { epochKey } from "../../../worker/journal/journal.ts";

export const silent = pino({ level: "silent" });
export const WORKER: Address = `0x${"a1".repeat(20)}`;
export const POOL = 7n;
/** When everything in these tests happens (Unix seconds). */
export const NOW = 1_800_000_000;
/** Of the machine in these tests: half as fast as the reference. */
export const SCORE = 500;
/** Sha256 that pins the image of every app here. */
export const IMAGE_DIGEST: Hash = `0x${"5a".repeat(32)}`;
const IMAGE = `registry.test/app@sha256:${IMAGE_DIGEST.slice(2)}`;

export function aDeal(changes: Partial<Deal> = {}): Deal {
  return {
    app: 1n,
    dataset: 0n,
    pool: POOL,
    appOwner: ZERO_ADDRESS,
    datasetOwner: ZERO_ADDRESS,
    poolOwner: ZERO_ADDRESS,
    requester: ZERO_ADDRESS,
    payer: ZERO_ADDRESS,
    beneficiary: ZERO_ADDRESS,
    callback: ZERO_ADDRESS,
    appPrice: 0n,
    datasetPrice: 0n,
    poolPrice: 100n,
    poolStake: 30n,
    workerStake: 10n,
    schedulerShare: 500,
    grace: 0,
    lane: 0,
    category: 0,
    maxWeight: 16,
    trust: 3,
    volume: 4,
    openedAt: NOW,
    requirements: ZERO_HASH,
    paramsHash: ZERO_HASH,
    requestHash: ZERO_HASH,
    ...changes,
  };
}

export function aLease(changes: Partial<Lease> = {}): Lease {
  const deal = changes.deal ?? aDeal();
  const dealId = changes.dealId ?? dealIdOf(deal);
  const index = changes.index ?? 0;
  return {
    leaseId: randomUUID(),
    taskId: taskIdOf(dealId, index),
    dealId,
    index,
    deal,
    image: IMAGE,
    args: ["x"],
    env: {},
    inputs: [],
    limits: {
      cpuMillicores: 1_000,
      memoryMiB: 256,
      diskMiB: 64,
      fileMiB: 64,
      pids: 64,
      logBytes: 65_536,
      seconds: 60,
    },
    expiresAt: NOW + 60,
    ...changes,
  };
}

/** A chain that says what the test sets; `fail` makes it unreachable. */
export class FakeChain implements WorkerChain {
  now = NOW;
  /** Seconds by which the confirmed block is older than the head. */
  lag = 0;
  bond: WorkerState = { bonded: 1_000n, unbonding: 0n, readyAt: 0, score: 0 };
  readonly closedDeals = new Set<Hash>();
  readonly closedTasks = new Set<string>();
  /** By lane; of the head, and of the confirmed block where that differs. */
  readonly epochs = new Map<string, Omit<LaneState, "now">>();
  readonly confirmedEpochs = new Map<string, Omit<LaneState, "now">>();
  /** What the chain keeps of a task's votes, by `dealId-index`. */
  readonly kept = new Map<string, { readonly at: number; readonly votes: readonly KeptVote[] }>();
  readonly opened = new Set<Hash>();
  imageDigest: Hash | undefined = IMAGE_DIGEST;
  datasetDigest: Hash | undefined;
  fail: Error | undefined;

  async laneOf(pool: bigint, lane: number): Promise<LaneView> {
    this.#check();
    const none = { epoch: 0, jointHash: ZERO_HASH, sealedAt: 0, settled: false };
    const key = `${pool}-${lane}`;
    const head = this.epochs.get(key) ?? none;
    const confirmed = this.confirmedEpochs.get(key) ?? head;
    return { head: { ...head, now: this.now }, confirmed: { ...confirmed, now: this.now - this.lag } };
  }

  async taskOf(dealId: Hash, index: number): ReturnType<WorkerChain["taskOf"]> {
    this.#check();
    const dealOpen = !this.closedDeals.has(dealId);
    return { now: this.now - this.lag, dealOpen, taskClosed: this.closedTasks.has(`${dealId}-${index}`) };
  }

  async keptOf(dealId: Hash, index: number): ReturnType<WorkerChain["keptOf"]> {
    this.#check();
    const { at: keptAt, votes } = this.kept.get(`${dealId}-${index}`) ?? { at: 0, votes: [] };
    const taskClosed = this.closedTasks.has(`${dealId}-${index}`);
    return { taskClosed, kept: { keptAt, votesHash: keptVotesHash(votes) } };
  }

  async keptVotes({ dealId, index }: TaskPlace): Promise<readonly KeptVote[]> {
    this.#check();
    return this.kept.get(`${dealId}-${index}`)!.votes;
  }

  async isOpened(seal: Hash): Promise<boolean> {
    this.#check();
    return this.opened.has(seal);
  }

  async bondOf(): Promise<WorkerState> {
    this.#check();
    return this.bond;
  }

  async fundsOf(): ReturnType<WorkerChain["fundsOf"]> {
    this.#check();
    return { available: 0n, locked: 0n };
  }

  async imageDigestOf(): Promise<Hash | undefined> {
    this.#check();
    return this.imageDigest;
  }

  async datasetDigestOf(): Promise<Hash | undefined> {
    this.#check();
    return this.datasetDigest;
  }

  async endpointOf(): Promise<string | undefined> {
    return undefined;
  }

  seal(epoch: number, jointHash: Hash, lane = 0): void {
    this.epochs.set(`${POOL}-${lane}`, { epoch, jointHash, sealedAt: this.now, settled: false });
  }

  settle(lane = 0): void {
    const key = `${POOL}-${lane}`;
    this.epochs.set(key, { ...this.epochs.get(key)!, settled: true });
  }

  #check(): void {
    if (this.fail) throw this.fail;
  }
}

/** The outcome of an app that printed `text` into one file. */
export function resultOf(text: string): RunOutcome {
  const manifest = manifestOf([{ path: "out", bytes: text.length, sha256: digestOf(text).slice(2) }], 0);
  return { kind: "result", digest: digestOf(manifest), manifest, exitCode: 0, usage: NO_USAGE };
}
export const NO_USAGE = { wallMs: 1, cpuMs: 1, peakMemoryMiB: 1 };

type Ending = { readonly resolve: (outcome: RunOutcome) => void; readonly reject: (error: unknown) => void };

/** Runs until the test says how they end; `automatic` ends each at once. */
export class FakeExecutor implements Executor {
  readonly specs: RunSpec[] = [];
  readonly endings = new Map<string, Ending>();
  automatic: ((spec: RunSpec) => RunOutcome | Promise<RunOutcome>) | undefined;
  aborted = 0;
  writeResult: (path: string) => Promise<void> = async () => {};

  async run(spec: RunSpec, listener: Parameters<Executor["run"]>[1], signal: AbortSignal): Promise<RunOutcome> {
    this.specs.push(spec);
    listener.onStage("running");
    const outcome = await (this.automatic ? this.automatic(spec) : this.#wait(spec, signal));
    if (outcome.kind === "result") await this.writeResult(spec.resultPath);
    return outcome;
  }

  async prefetch(): Promise<void> {}

  async sweep(): Promise<number> {
    return 0;
  }

  #wait({ leaseId }: RunSpec, signal: AbortSignal): Promise<RunOutcome> {
    return new Promise((resolve, reject) => {
      this.endings.set(leaseId, { resolve, reject });
      const stop = (): void => {
        this.aborted += 1;
        reject(new AbortedError("aborted"));
      };
      if (signal.aborted) stop();
      else signal.addEventListener("abort", stop);
    });
  }
}

function memoryShelf<T>(keyOf: (record: T) => string, records = new Map<string, T>()): Shelf<T> {
  return {
    all: () => [...records.values()],
    get: (key) => records.get(key),
    change: async (key, step) => {
      const after = step(records.get(key));
      if (after === undefined) records.delete(key);
      else records.set(keyOf(after), after);
      return after;
    },
  };
}

/** A journal that lives as long as the test. */
export function memoryJournal(): Journal {
  return {
    leases: memoryShelf(({ lease }) => lease.leaseId),
    votes: memoryShelf(({ taskId }) => taskId),
    ballots: memoryShelf<BallotRecord>(epochKey),
    close: () => {},
  };
}
