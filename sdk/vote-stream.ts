import { getBytes, hexlify } from "ethers";

import type { Hash, Hex } from "../protocol/primitives.ts";

/** A vote as a settle carried it; `digest` is undefined for a vote that stayed sealed, `kept` is one of an earlier settle. */
type StreamVote = { readonly ballot: number; readonly digest: Hash | undefined; readonly kept: boolean };
/** One task of a settle, by places in the lists beside the stream. */
type StreamTask = { readonly deal: number; readonly index: number; readonly votes: readonly StreamVote[] };

const SEALED_GROUP = 255;
const OPENED_GROUPS = 128;

/**
 * Reads what `encodeSettlement` of `protocol/settlement.ts` wrote, so that anybody can see from a transaction who voted
 * what. @throws RangeError when the bytes end too early
 */
export function decodeVoteStream(stream: Hex): readonly StreamTask[] {
  const bytes = getBytes(stream);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (size: number): number => {
    at += size;
    if (at > bytes.length) throw new RangeError(`A vote stream of ${bytes.length} bytes ends in the middle`);
    return at - size;
  };
  const word = (): Hash => {
    const from = take(32);
    return hexlify(bytes.subarray(from, from + 32)) as Hash;
  };
  const vote = (digests: readonly Hash[], kept: boolean): StreamVote => {
    const ballot = view.getUint16(take(2));
    const group = view.getUint8(take(1));
    if (group < OPENED_GROUPS) return { ballot, digest: digests[group], kept };
    word(); // the seal, or the secret
    return { ballot, digest: group === SEALED_GROUP ? undefined : digests[group - OPENED_GROUPS], kept };
  };
  const task = (): StreamTask => {
    const deal = view.getUint16(take(2));
    const index = view.getUint32(take(4));
    const [groups, kept, votes] = [view.getUint8(take(1)), view.getUint8(take(1)), view.getUint8(take(1))];
    const digests = Array.from({ length: groups }, word);
    const before = Array.from({ length: kept }, () => vote(digests, true));
    return { deal, index, votes: [...before, ...Array.from({ length: votes }, () => vote(digests, false))] };
  };
  const tasks: StreamTask[] = [];
  while (at < bytes.length) tasks.push(task());
  return tasks;
}
