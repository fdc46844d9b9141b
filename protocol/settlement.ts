import { concat, toBeHex } from "ethers";

import { BALLOT_SIGNATURE_LENGTH } from "./ballot.ts";
import { BadInputError } from "./errors.ts";
import type { Address, Hash, Hex } from "./primitives.ts";

/**
 * The packed vote stream that `Hub.settle` reads: per task
 * `uint16 dealIndex | uint32 index | uint8 groups | uint8 kept | uint8 votes`, then the groups' digests, then the kept votes
 * as they were kept, then the new ones; each `uint16 ballot | uint8 group`, a sealed one followed by its seal, one that was
 * kept sealed and is opened now by its secret.
 * Everything is big-endian and strictly ascending where the contract says so; {@link encodeSettlement} sorts.
 */
const SEALED_GROUP = 255;
const OPENED_GROUPS = 128;

/** One worker's ballot in a settle; `secret` is zero when the worker did not open it. */
export type OpenedBallot = {
  readonly worker: Address;
  readonly sealBy: number;
  readonly secret: Hash;
  readonly r: Hash;
  readonly vs: Hash;
};

/**
 * The two words of a ballot's signature, as `Hub.settle` takes them.
 * @throws BadInputError when it is not 64 bytes
 */
export function compactParts(signature: Hex): Pick<OpenedBallot, "r" | "vs"> {
  if (signature.length !== BALLOT_SIGNATURE_LENGTH) {
    throw new BadInputError("a compact signature has 64 bytes", { details: { signature } });
  }
  return { r: signature.slice(0, 66) as Hash, vs: `0x${signature.slice(66)}` };
}

/** A vote in a settle: open with its digest, or still sealed with its bare seal. */
export type SettledVote =
  { readonly worker: Address; readonly digest: Hash } | { readonly worker: Address; readonly seal: Hash };

/** A vote of a task that stayed open, as the event `TaskKept` tells it: `word` is its seal, or its digest. */
export type KeptVote = { readonly worker: Address; readonly isSealed: boolean; readonly word: Hash };

/** A kept vote in a settle; `opening` opens one that was kept sealed. */
export type CarriedVote = KeptVote & { readonly opening?: { readonly digest: Hash; readonly secret: Hash } };

/**
 * One task in a settle, with every vote that a sealed ballot holds for it, and all that are kept of it, in the order of the
 * last `TaskKept`.
 */
export type SettledTask = {
  readonly dealId: Hash;
  readonly index: number;
  readonly kept?: readonly CarriedVote[];
  readonly votes: readonly SettledVote[];
};

/** Task order: by deal id, then by index. Ballots, settles and leaves all follow it. */
export function byTask(a: { dealId: Hash; index: number }, b: { dealId: Hash; index: number }): number {
  if (a.dealId !== b.dealId) return BigInt(a.dealId) < BigInt(b.dealId) ? -1 : 1;
  return a.index - b.index;
}

/** Worker order: addresses ascending as numbers. */
export function byWorker(a: { worker: Address }, b: { worker: Address }): number {
  if (a.worker.toLowerCase() === b.worker.toLowerCase()) return 0;
  return BigInt(a.worker) < BigInt(b.worker) ? -1 : 1;
}

/**
 * Encodes the tasks of one settle.
 * @param dealIds ids of the deals passed beside the stream, ascending
 * @param workers workers of the ballots passed beside the stream, ascending; those of kept votes alone among them
 */
export function encodeSettlement(
  tasks: readonly SettledTask[],
  dealIds: readonly Hash[],
  workers: readonly Address[],
): Hex {
  const dealIndex = new Map(dealIds.map((id, index) => [id, index]));
  const ballotIndex = new Map(workers.map((worker, index) => [worker.toLowerCase(), index]));
  return concat([...tasks].sort(byTask).map((task) => encodeTask(task, dealIndex, ballotIndex))) as Hex;
}

function encodeTask(
  { kept = [], ...task }: SettledTask,
  dealIndex: ReadonlyMap<Hash, number>,
  ballotIndex: ReadonlyMap<string, number>,
): string {
  const digests = digestsOf(kept, task.votes);
  const ballotOf = ({ worker }: { worker: Address }): string => uint(2, known(ballotIndex, worker.toLowerCase()));
  const head = [
    uint(2, known(dealIndex, task.dealId)),
    uint(4, task.index),
    uint(1, digests.length),
    uint(1, kept.length),
    uint(1, task.votes.length),
  ];
  const before = kept.map((vote) => concat([ballotOf(vote), ...carried(vote, digests)]));
  const votes = [...task.votes].sort(byWorker).map((vote) => concat([ballotOf(vote), ...voted(vote, digests)]));
  return concat([...head, ...digests, ...before, ...votes]);
}

/** Group of a kept vote, and what follows it. */
function carried({ isSealed, word, opening }: CarriedVote, digests: readonly Hash[]): readonly string[] {
  if (opening) return [uint(1, OPENED_GROUPS + digests.indexOf(opening.digest)), opening.secret];
  return isSealed ? [uint(1, SEALED_GROUP), word] : [uint(1, digests.indexOf(word))];
}

/** Group of a new vote, and what follows it. */
function voted(vote: SettledVote, digests: readonly Hash[]): readonly string[] {
  return "digest" in vote ? [uint(1, digests.indexOf(vote.digest))] : [uint(1, SEALED_GROUP), vote.seal];
}

/** The distinct digests of a task's open votes, ascending. */
function digestsOf(kept: readonly CarriedVote[], votes: readonly SettledVote[]): readonly Hash[] {
  const open = votes.flatMap((vote) => ("digest" in vote ? [vote.digest] : []));
  const before = kept.flatMap(({ isSealed, word, opening }) => opening?.digest ?? (isSealed ? [] : [word]));
  return [...new Set([...before, ...open])].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
}

function uint(bytes: number, value: number): string {
  return toBeHex(value, bytes);
}

function known<K>(table: ReadonlyMap<K, number>, key: K): number {
  const index = table.get(key);
  if (index === undefined) throw new RangeError(`${String(key)} is in the tasks of a settle but not beside them`);
  return index;
}

/**
 * Upper bound of a settle's gas, for closing an epoch in time (design: "before its settle exceeds 12M gas by formula").
 * The coefficients are for the dearest case: every party of every deal is another, with nothing in the escrow yet; they
 * are compared with `bench/gas` by a test. Tasks of a deal are taken to lie close together: each further 256 indexes that
 * a settle touches cost 22,000 more. With `open`, every task may stay open: its votes are then kept, which costs more than
 * paying them.
 */
export function estimateSettleGas(size: {
  readonly deals: number;
  readonly tasks: number;
  readonly votes: number;
  readonly ballots: number;
  readonly callbacks: number;
  readonly open?: boolean;
}): bigint {
  const { deals, tasks, votes, ballots, callbacks, open = false } = size;
  const keeping = open ? 20_000 * tasks + 3_000 * votes : 0;
  const settling = 105_000 * deals + 9_000 * tasks + 2_500 * votes + 40_000 * ballots + 290_000 * callbacks;
  return BigInt(120_000 + settling + keeping);
}
