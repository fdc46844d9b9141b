import type { GridEvent } from "../chain/events.ts";
import type { KeptState } from "../chain/reader.ts";
import type { GridmillError } from "../protocol/errors.ts";
import type { Deal } from "../protocol/deal.ts";
import type { SchedulerMessage } from "../protocol/messages.ts";
import type { Address, Hash } from "../protocol/primitives.ts";
import type { KeptVote } from "../protocol/settlement.ts";
import type { SettlePlan } from "./domain/epochs/settle-plan.ts";

/** What the actions of a pool need from the outside, in the pool's words. Each has one adapter. */

/** The chain as the pool sees it. Every read throws when no node answers: nothing is ever guessed. */
export interface PoolChain {
  /** Unix seconds of the latest block, at most a poll old. */
  now(): number;
  dealIsOpen(dealId: Hash): Promise<boolean>;
  /** Whether the chain has ever opened this deal. */
  dealExists(dealId: Hash): Promise<boolean>;
  isClosed(dealId: Hash, index: number): Promise<boolean>;
  /** How many tasks of a deal are closed. */
  countClosed(dealId: Hash): Promise<number>;
  /** What is kept of a task's votes, at the newest block. */
  keptVotesOf(taskId: Hash): Promise<KeptState>;
  /** The lane's last epoch on chain; `epoch` 0 before the first. */
  lastEpoch(lane: number): Promise<{ epoch: number; sealedAt: number; settled: boolean; jointHash: Hash }>;
  /** Score and cover (wei) of a worker, at most half a minute old. */
  standing(worker: Address): Promise<{ score: number; cover: bigint }>;
  /** Score of a worker as the latest block has it: asked anew each time. */
  scoreNow(worker: Address): Promise<number>;
  /** Whether the account has anything in the escrow, or had half a minute ago. */
  hasFunds(account: Address): Promise<boolean>;
  /** The app's image, pinned by digest. Undefined when there is no such app. */
  imageOf(app: bigint): Promise<string | undefined>;
  /** Where a dataset is, and the sha256 of its bytes in hex. Undefined when there is no such dataset. */
  datasetOf(dataset: bigint): Promise<{ reference: string; sha256: string; encrypted: boolean } | undefined>;
}

/** The time of a pool, the same at all its processes, whatever their machines' clocks say. It never goes back. */
export interface PoolClock {
  /** Unix milliseconds. */
  now(): number;
}

/** Finds an event again by its place on the chain. */
export interface EventLookup {
  /** Undefined when the block has it no more. Throws when no node answers. */
  at(place: Pick<GridEvent, "blockNumber" | "blockHash" | "logIndex">): Promise<GridEvent | undefined>;
}

/** What a settle or a late look at the chain says about tasks. */
export type TaskVerdict =
  | { readonly kind: "settled"; readonly taskId: Hash; readonly digest: Hash }
  | { readonly kind: "skipped"; readonly taskId: Hash; readonly reason: string }
  /** It stays open, and these of its votes wait on chain. */
  | { readonly kind: "kept"; readonly taskId: Hash; readonly votes: readonly KeptVote[] }
  /** One of its kept votes was not opened in time; what became of the task is told by another verdict. */
  | { readonly kind: "withheld"; readonly taskId: Hash; readonly worker: Address }
  /** Its epoch is over without it. */
  | { readonly kind: "released"; readonly taskId: Hash };

/** An epoch as it stands on one branch of the chain; `sealedAt` in Unix seconds. */
export type Sealed = { readonly epoch: number; readonly sealedAt: number };

/** The pool's hot key. Every act names its intent, so that none is ever sent twice. */
export interface Operator {
  /** Returns the chain time of the seal. Throws a final error when the seal reverted. */
  seal(lane: number, epoch: number, leaves: readonly Hash[]): Promise<{ sealedAt: number }>;
  /** @param sealed the epoch, and when it was sealed: its number comes again when a reorganisation takes that back */
  settle(plan: SettlePlan, sealed: Sealed): Promise<readonly TaskVerdict[]>;
  /** Whether a seal that was sent will never be in a block: something else has its nonce, or it was refused. */
  hasLostSeal(lane: number, epoch: number, leaves: readonly Hash[]): Promise<boolean>;
  decline(dealId: Hash, deal: Deal): Promise<void>;
  claim(dealId: Hash, deal: Deal): Promise<void>;
  /** Why the pool could not pay for an epoch now, when it could not. */
  hold(): Promise<GridmillError | undefined>;
  /** Does again what a reorganisation removed from above `block`, in the background; returns the intents. */
  redo(block: number): Promise<readonly string[]>;
  /** Whether an intent has come to its end, or is forgotten. */
  isDone(intent: string): Promise<boolean>;
}

/** Sends to a worker wherever it is connected; nobody listening is no error, since leases expire and `hello` repairs. */
export interface Messenger {
  send(worker: Address, message: SchedulerMessage): Promise<void>;
}

/** Wakes a job. Waking what is awake re-arms it, so no wake is lost. */
export interface Wake {
  deal(dealId: Hash, delayMs?: number): Promise<void>;
  task(taskId: Hash, delayMs?: number): Promise<void>;
  /** @param delayMs up to a second it is kept by this process alone: what dies with it, the sweep finds */
  lane(lane: number, delayMs?: number): Promise<void>;
  /** A lane, in a moment: many that ask meanwhile cost as much as one. */
  laneSoon(lane: number): void;
  /** In a moment, tasks that wait for workers are looked at again: there are slots, or tasks, that were not there before. */
  offers(): void;
  /** An event in quarantine is taken in again; once, however often that is asked for until it is done. */
  event(id: string): Promise<void>;
}

/** Where params texts come from. */
export interface ParamsSource {
  /** The exact text, or undefined when nobody has it. Throws what is worth another try. */
  fetch(hash: Hash): Promise<string | undefined>;
}

/** Whether an image can be had. `unknown` when its registry does not tell strangers. */
export interface ImageProbe {
  check(image: string): Promise<"there" | "missing" | "unknown">;
}
