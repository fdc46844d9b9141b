import fc from "fast-check";

import type { Address, Hash, Hex } from "../../../protocol/primitives.ts";

/** Any value of the kinds that the protocol is made of. */

const hex = (bytes: number): fc.Arbitrary<Hex> =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((data) => `0x${Buffer.from(data).toString("hex")}` as const);

export const someHash: fc.Arbitrary<Hash> = hex(32);
export const someAddress: fc.Arbitrary<Address> = hex(20);
export const someUint = (bits: number): fc.Arbitrary<bigint> => fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n });

/** A hash that a reader can tell from others: the number, padded. */
export const word = (value: number): Hash => `0x${value.toString(16).padStart(64, "0")}`;
/** An address that a reader can tell from others. */
export const account = (value: number): Address => `0x${value.toString(16).padStart(40, "0")}`;
