import { concat, keccak256, TypedDataEncoder } from "ethers";

import { ZERO_HASH } from "./primitives.ts";
import type { Address, Hash } from "./primitives.ts";
import type { SigningDomain } from "./orders.ts";
import { hashWords } from "./words.ts";

/**
 * Sealed votes and the ballots that bind them (docs/protocol.md, "Votes, ballots, epochs"). A seal hides the digest
 * behind the worker's secret, so that nobody can copy an answer; one signature covers all votes of an epoch.
 */

/** A vote as it stands in a ballot. */
type SealedVote = { readonly taskId: Hash; readonly seal: Hash };

/** What a worker signs for one epoch of one lane. `sealBy` is the last Unix second at which it may be sealed. */
export type Ballot = {
  readonly pool: bigint;
  readonly lane: number;
  readonly epoch: number;
  readonly sealBy: number;
  readonly votesHash: Hash;
};

/** `keccak256(abi.encode(worker, taskId, digest, secret))`. */
export function sealOf(worker: Address, taskId: Hash, digest: Hash, secret: Hash): Hash {
  return hashWords(worker, taskId, digest, secret);
}

/** Characters of a ballot's signature: 0x and the 64 bytes of EIP-2098. */
export const BALLOT_SIGNATURE_LENGTH = 130;

/** Rolls over the votes, which must be in task order: by deal id, then by index. */
export function votesHashOf(votes: readonly SealedVote[]): Hash {
  return votes.reduce((hash, { taskId, seal }) => hashWords(hash, taskId, seal), ZERO_HASH);
}

/** What `seal` stores of one ballot: `keccak256(abi.encode(worker, votesHash))`. */
export function leafOf(worker: Address, votesHash: Hash): Hash {
  return hashWords(worker, votesHash);
}

/** Hash of all leaves of an epoch, ascending by worker. */
export function jointHashOf(leaves: readonly Hash[]): Hash {
  return keccak256(concat(leaves)) as Hash;
}

/** What a worker tells the scheduler instead of the digest: groups can be counted, the answer stays hidden. */
export function tagOf(taskId: Hash, digest: Hash): Hash {
  return hashWords(taskId, digest);
}

export const BALLOT_TYPES = {
  Ballot: [
    { name: "pool", type: "uint256" },
    { name: "lane", type: "uint8" },
    { name: "epoch", type: "uint64" },
    { name: "sealBy", type: "uint40" },
    { name: "votesHash", type: "bytes32" },
  ],
};

/** The EIP-712 digest of a ballot; `domain` is that of `Hub`. */
export function ballotHash(ballot: Ballot, domain: SigningDomain): Hash {
  return TypedDataEncoder.hash(domain, BALLOT_TYPES, ballot) as Hash;
}
