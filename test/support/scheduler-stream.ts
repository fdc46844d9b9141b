import { dataSlice, getBytes } from "ethers";

import { sealOf } from "../../protocol/ballot.ts";
import { taskIdOf } from "../../protocol/deal.ts";
import type { Address, Hash, Hex } from "../../protocol/primitives.ts";
import type { CarriedVote, SettledTask, SettledVote } from "../../protocol/settlement.ts";

/** Reads a settle's stream as `contracts/libraries/TaskStream.sol` does: from the left, to the last byte. */
export function decodeSettlement(
  stream: Hex,
  dealIds: readonly Hash[],
  workers: readonly Address[],
): readonly SettledTask[] {
  const bytes = getBytes(stream);
  let at = 0;
  const number = (length: number): number => {
    const value = bytes.subarray(at, at + length).reduce((sum, byte) => sum * 256 + byte, 0);
    at += length;
    return value;
  };
  const word = (): Hash => {
    at += 32;
    return dataSlice(stream, at - 32, at) as Hash;
  };

  const vote = (digests: readonly Hash[]): SettledVote => {
    const worker = workers[number(2)]!;
    const group = number(1);
    return group === 255 ? { worker, seal: word() } : { worker, digest: digests[group]! };
  };
  /** The seal of one that is opened here is not told: it follows from worker, task, digest and secret. */
  const keptVote = (taskId: Hash, digests: readonly Hash[]): CarriedVote => {
    const worker = workers[number(2)]!;
    const group = number(1);
    if (group === 255) return { worker, isSealed: true, word: word() };
    if (group < 128) return { worker, isSealed: false, word: digests[group]! };
    const opening = { digest: digests[group - 128]!, secret: word() };
    return { worker, isSealed: true, word: sealOf(worker, taskId, opening.digest, opening.secret), opening };
  };
  const task = (): SettledTask => {
    const [dealId, index] = [dealIds[number(2)]!, number(4)];
    const [groups, kept, votes] = [number(1), number(1), number(1)];
    const digests = Array.from({ length: groups }, word);
    const before = Array.from({ length: kept }, () => keptVote(taskIdOf(dealId, index), digests));
    const cast = Array.from({ length: votes }, () => vote(digests));
    return { dealId, index, ...(kept > 0 ? { kept: before } : {}), votes: cast };
  };

  const tasks: SettledTask[] = [];
  while (at < bytes.length) tasks.push(task());
  return tasks;
}
