import { keccak256 } from "ethers";

import type { Hash, Hex } from "./primitives.ts";

/** 32 bytes in hex digits. */
const WORD_DIGITS = 64;

/**
 * `keccak256(abi.encode(...))` of values that fill one word each: 32 bytes, addresses, and numbers in hex. Ids, seals and tags
 * are made for every vote, and an ABI coder takes ten times as long for the same bytes.
 */
export function hashWords(...words: readonly Hex[]): Hash {
  return keccak256(`0x${words.map((word) => word.slice(2).padStart(WORD_DIGITS, "0")).join("")}`) as Hash;
}
