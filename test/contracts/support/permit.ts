import type { Signature } from "ethers";

import type { MillToken } from "../../../types/index.js";
import { ethers } from "./chain.ts";
import type { Account } from "./chain.ts";

const Permit = [
  { name: "owner", type: "address" },
  { name: "spender", type: "address" },
  { name: "value", type: "uint256" },
  { name: "nonce", type: "uint256" },
  { name: "deadline", type: "uint256" },
];

/** The owner's first ERC-2612 permit, good for ever. */
export async function permitOf(token: MillToken, owner: Account, spender: string, value: bigint): Promise<Signature> {
  const { name, version, chainId, verifyingContract } = await token.eip712Domain();
  const message = { owner: owner.address, spender, value, nonce: 0n, deadline: ethers.MaxUint256 };
  const domain = { name, version, chainId, verifyingContract };
  return ethers.Signature.from(await owner.signTypedData(domain, { Permit }, message));
}
