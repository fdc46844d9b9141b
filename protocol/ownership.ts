import { TypedDataEncoder } from "ethers";
import { z } from "zod";

import type { SigningDomain } from "./orders.ts";
import { AddressSchema, HexSchema } from "./primitives.ts";
import type { Address, Hash } from "./primitives.ts";

/**
 * Whose a worker is, as its owner's key has signed it. The domain is that of `Hub`, so that a statement is good for one
 * deployment on one chain. It moves no money: a pool gives the workers of one owner one vote of a task.
 */
export type Ownership = { readonly owner: Address; readonly worker: Address };

export const OWNERSHIP_TYPES = {
  WorkerOwner: [
    { name: "owner", type: "address" },
    { name: "worker", type: "address" },
  ],
};

/** The EIP-712 digest of the statement; `domain` is that of `Hub`. */
export function ownershipHash({ owner, worker }: Ownership, domain: SigningDomain): Hash {
  return TypedDataEncoder.hash(domain, OWNERSHIP_TYPES, { owner, worker }) as Hash;
}

/** Most hex digits of a signature: contract wallets may want many keys'. */
const SIGNATURE_DIGITS = 4_096;

/** What a worker says of its owner when it connects: 64 or 65 bytes by the owner's key, or what a contract takes (ERC-1271). */
export const OwnerClaimSchema = z.strictObject({
  owner: AddressSchema,
  signature: HexSchema.refine((hex) => hex.length <= 2 + SIGNATURE_DIGITS, "is too long"),
});
export type OwnerClaim = z.output<typeof OwnerClaimSchema>;

/** What `gridmill worker own` writes and a worker reads: the claim, and what it is for. */
export const OwnerStatementSchema = OwnerClaimSchema.extend({
  chainId: z.int().positive(),
  hub: AddressSchema,
  worker: AddressSchema,
});
export type OwnerStatement = z.output<typeof OwnerStatementSchema>;
