import { Signature, verifyTypedData } from "ethers";
import type { Signer } from "ethers";

import { BALLOT_SIGNATURE_LENGTH, BALLOT_TYPES } from "../protocol/ballot.ts";
import type { Ballot } from "../protocol/ballot.ts";
import { ORDER_TYPES } from "../protocol/orders.ts";
import type { OrderByKind, OrderKind, SigningDomain } from "../protocol/orders.ts";
import { OWNERSHIP_TYPES } from "../protocol/ownership.ts";
import type { Ownership } from "../protocol/ownership.ts";
import type { Address, Hex } from "../protocol/primitives.ts";

/** What signs typed data: a wallet of ethers, or a browser's. */
type TypedDataSigner = Pick<Signer, "signTypedData">;

/** Signs an order; the signature is the usual 65 bytes. `domain` is that of `Marketplace`. */
export async function signOrder<K extends OrderKind>(
  kind: K,
  order: OrderByKind[K],
  signer: TypedDataSigner,
  domain: SigningDomain,
): Promise<Hex> {
  return (await signer.signTypedData(domain, ORDER_TYPES[kind], order)) as Hex;
}

/** Signs a ballot, 64 bytes. `domain` is that of `Hub`. */
export async function signBallot(ballot: Ballot, signer: TypedDataSigner, domain: SigningDomain): Promise<Hex> {
  const signature = await signer.signTypedData(domain, BALLOT_TYPES, ballot);
  return Signature.from(signature).compactSerialized as Hex;
}

/** Signs whose a worker is; 65 bytes. `domain` is that of `Hub`. */
export async function signOwnership(
  ownership: Ownership,
  signer: TypedDataSigner,
  domain: SigningDomain,
): Promise<Hex> {
  return (await signer.signTypedData(domain, OWNERSHIP_TYPES, ownership)) as Hex;
}

/** Who signed the ballot (lower case), or undefined when the bytes are no compact ECDSA signature. */
export function ballotSigner(ballot: Ballot, signature: Hex, domain: SigningDomain): Address | undefined {
  if (signature.length !== BALLOT_SIGNATURE_LENGTH) return undefined;
  try {
    return verifyTypedData(domain, BALLOT_TYPES, ballot, signature).toLowerCase() as Address;
  } catch {
    // Bytes that recover to nobody are a stranger's bad input, which the caller answers, and no failure of ours.
    return undefined;
  }
}
