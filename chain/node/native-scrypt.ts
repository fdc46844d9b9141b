import { scrypt as nodeScrypt } from "node:crypto";
import { promisify } from "node:util";

import { getBytes, scrypt } from "ethers";

import { MIB } from "../../protocol/constants.ts";

const native = promisify<Uint8Array, Uint8Array, number, object, Buffer>(nodeScrypt);

/** Bytes that one scrypt of these costs holds (RFC 7914: 128 r N), and a little more. */
const memoryOf = (N: number, r: number): number => 128 * N * r + 32 * MIB;

/**
 * Has ethers open and write keystores with Node's scrypt: the one in JavaScript leaves 128 MiB on the heap until the
 * collector comes by, which is all that a worker may take, and is several times slower.
 */
export function useNativeScrypt(): void {
  scrypt.register(async (passphrase, salt, N, r, p, length) =>
    native(getBytes(passphrase), getBytes(salt), length, { N, r, p, maxmem: memoryOf(N, r) }),
  );
}
