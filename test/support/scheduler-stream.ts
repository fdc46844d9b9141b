import { dataSlice, getBytes } from "ethers";

import type { Address, Hash, Hex } from "../../protocol/primitives.ts";
import type { SettledTask, SettledVote } from "../../protocol/settlement.ts";

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
  const task = (): SettledTask => {
    const [dealId, index] = [dealIds[number(2)]!, number(4)];
    const [groups, votes] = [number(1), number(1)];
    const digests = Array.from({ length: groups }, word);
    return { dealId, index, votes: Array.from({ length: votes }, () => vote(digests)) };
  };

  const tasks: SettledTask[] = [];
  while (at < bytes.length) tasks.push(task());
  return tasks;
}
