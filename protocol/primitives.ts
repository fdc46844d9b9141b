import { z } from "zod";

/** A 0x-prefixed hexadecimal string. */
export type Hex = `0x${string}`;
/** 32 bytes, lower case. */
export type Hash = Hex;
/** 20 bytes, lower case inside Gridmill so that equal addresses are equal strings. */
export type Address = Hex;

export const ZERO_ADDRESS: Address = `0x${"0".repeat(40)}`;
export const ZERO_HASH: Hash = `0x${"0".repeat(64)}`;

/** 2^256 - 1: the volume of an ask that is never used up. */
export const UNLIMITED = 2n ** 256n - 1n;

const lowerHex = (pattern: RegExp, message: string) =>
  z
    .string()
    .regex(pattern, message)
    .transform((text) => text.toLowerCase() as Hex);

/** Any even number of hex digits, at most 64 KiB. */
export const HexSchema = lowerHex(/^0x(?:[0-9a-fA-F]{2}){0,65536}$/, "must be 0x and hex digits");
export const HashSchema = lowerHex(/^0x[0-9a-fA-F]{64}$/, "must be 32 bytes in hex");
export const AddressSchema = lowerHex(/^0x[0-9a-fA-F]{40}$/, "must be a 20-byte address in hex");
/** SHA-256 as `sha256sum` prints it: 64 hex digits without prefix. */
export const Sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits");

/** An unsigned integer of `bits` bits, written as a decimal string on the wire. */
export function uintSchema(bits: number): z.ZodType<bigint, string | number | bigint> {
  const limit = 2n ** BigInt(bits);
  return z
    .union([z.string().regex(/^\d{1,78}$/, "must be a whole number in decimal"), z.int().nonnegative(), z.bigint()])
    .transform((value) => BigInt(value))
    .refine((value) => value >= 0n && value < limit, `must fit in ${bits} bits`);
}

/** The same for what fits a JavaScript number. */
export function smallUintSchema(bits: 8 | 16 | 32 | 40): z.ZodType<number, string | number | bigint> {
  return uintSchema(bits).transform(Number);
}
