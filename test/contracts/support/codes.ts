import { concat, dataLength, dataSlice, id, toBeHex } from "ethers";

import type { Hex } from "../../../protocol/primitives.ts";
import { ethers, setCode } from "./chain.ts";

const MAGIC = "0x1626ba7e"; // isValidSignature(bytes32,bytes)
/** Ends with the selector below it on the stack, or zero, as the answer of a contract wallet. */
const ANSWER = "0x60e01b5f5260205ff3"; // SHL(224); MSTORE(0); RETURN(0, 32)
/** What {@link calling} is long without its data. */
const HEAD_BYTES = 38;
const MIB = toBeHex(2 ** 20, 4);

const bytes = (...parts: readonly string[]): Hex => concat(parts) as Hex;

/** Machine code of contracts that no compiler would make for us. */
export const CODE = {
  /** Ends itself, and gives what it has to its caller. */
  selfDestruct: "0x33ff",
  /** Returns a MiB, or tries to. */
  returnMib: bytes("0x63", MIB, "0x5ff3"),
  /** Reverts with a MiB, or tries to. */
  revertMib: bytes("0x63", MIB, "0x5ffd"),
  /** Uses up all gas at once. */
  invalid: "0xfe",
  /** Uses up all gas step by step. */
  endless: "0x5b5f56",
  /** Does nothing and succeeds. */
  stop: "0x00",
  /** A wallet that accepts any signature of anybody. */
  yes: bytes("0x63", MAGIC, ANSWER),
  /** A wallet that accepts everything as long as it has more than 90,000 gas left: 100,000 are enough for it. */
  needy: bytes("0x5a62015f9010", "0x63", MAGIC, "0x02", ANSWER),
} as const satisfies Readonly<Record<string, Hex>>;

/** A wallet that calls this function of `target`, and accepts everything where that call failed. */
export function meddling(target: string, signature: string): Hex {
  const selector = dataSlice(id(signature), 0, 4);
  const call = bytes("0x63", selector, "0x60e01b5f525f5f60045f5f73", target, "0x5af1"); // CALL(gas, target, 0, 0, 4, 0, 0)
  return bytes(call, "0x15", "0x63", MAGIC, "0x02", ANSWER);
}

/** Makes this call, whoever calls it. */
export function calling(target: string, data: string): Hex {
  const [length, start] = [toBeHex(dataLength(data), 2), toBeHex(HEAD_BYTES, 1)];
  const copy = bytes("0x61", length, "0x60", start, "0x5f39"); // CODECOPY(0, start, length)
  return bytes(copy, "0x5f5f61", length, "0x5f5f73", target, "0x5af100", data); // CALL(gas, target, 0, 0, length, 0, 0)
}

/** An account with this code, the same one for the same name. */
export async function accountWith(code: Hex, name = "an account with code"): Promise<Hex> {
  const account = dataSlice(id(name), 12);
  await setCode(account, code);
  return ethers.getAddress(account).toLowerCase() as Hex;
}
