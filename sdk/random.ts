import { hexlify, randomBytes } from "ethers";

import type { Hash } from "../protocol/primitives.ts";

/** 32 unpredictable bytes: salts of asks, so that two equal offers are two orders. */
export function randomHash(): Hash {
  return hexlify(randomBytes(32)) as Hash;
}

/** Nonces for requests that are matched together: they share a word of the contract's bitmap, which saves gas. */
export function nearbyNonces(count: number): readonly bigint[] {
  let word = 0n;
  return Array.from({ length: count }, (_unused, at) => {
    if (at % 256 === 0) word = (randomNonce() >> 8n) << 8n;
    return word + BigInt(at % 256);
  });
}

/** A nonce for a request. The contract's bitmap needs no order, so a random one never meets another. */
export function randomNonce(): bigint {
  return BigInt(randomHash());
}
