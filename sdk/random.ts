import { hexlify, randomBytes } from "ethers";

import type { Hash } from "../protocol/primitives.ts";

/** 32 unpredictable bytes: salts of asks, so that two equal offers are two orders. */
export function randomHash(): Hash {
  return hexlify(randomBytes(32)) as Hash;
}

/** A nonce for a request. The contract's bitmap needs no order, so a random one never meets another. */
export function randomNonce(): bigint {
  return BigInt(randomHash());
}
