import { AbiCoder, dataSlice, keccak256 } from "ethers";

import type { Hex } from "./primitives.ts";
import type { KeptVote } from "./settlement.ts";

/** Seconds in which a vote that was kept sealed has to be opened; afterwards a settle counts it as withheld. `OPEN` of `Hub`. */
export const KEPT_OPEN_SECONDS = 600;

/** Where no votes are kept. */
export const NO_KEPT_VOTES: Hex = `0x${"00".repeat(27)}`;

const VOTES = ["tuple(address worker, bool isSealed, bytes32 word)[]"];

/** What `Hub` stores of kept votes: the first 27 bytes of `keccak256(abi.encode(votes))`, zero for none. */
export function keptVotesHash(votes: readonly KeptVote[]): Hex {
  if (votes.length === 0) return NO_KEPT_VOTES;
  return dataSlice(keccak256(AbiCoder.defaultAbiCoder().encode(VOTES, [votes])), 0, 27) as Hex;
}
