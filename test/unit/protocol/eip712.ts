import { concat, id, keccak256, toBeHex, zeroPadValue } from "ethers";

import type { SigningDomain } from "../../../protocol/orders.ts";

const DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";

/** The EIP-712 digest of a struct's hash, done by hand as the standard has it. */
export function eip712({ name, version, chainId, verifyingContract }: SigningDomain, structHash: string): string {
  const words = [id(DOMAIN_TYPE), id(name), id(version), toBeHex(chainId, 32), zeroPadValue(verifyingContract, 32)];
  return keccak256(concat(["0x1901", keccak256(concat(words)), structHash]));
}
