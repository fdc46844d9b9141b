import type { Signer } from "ethers";

import type { Ballot } from "../protocol/ballot.ts";
import type { OrderByKind, OrderKind, SigningDomain } from "../protocol/orders.ts";
import type { Address, Hash, Hex } from "../protocol/primitives.ts";

/** What signs typed data: a wallet of ethers, or a browser's. */
export type TypedDataSigner = Pick<Signer, "signTypedData">;

/** An EIP-2098 compact signature: 64 bytes in two words. */
export type CompactSignature = { readonly r: Hash; readonly vs: Hash };

/** Signs an order; the signature is the usual 65 bytes. `domain` is that of `Marketplace`. */
export async function signOrder<K extends OrderKind>(
  kind: K,
  order: OrderByKind[K],
  signer: TypedDataSigner,
  domain: SigningDomain,
): Promise<Hex> {
  throw new Error(`being written: ${kind} ${typeof order} ${typeof signer} ${domain.name}`);
}

/** Who signed the order (lower case), or undefined when the bytes are no ECDSA signature of 64 or 65 bytes. */
export function orderSigner<K extends OrderKind>(
  kind: K,
  order: OrderByKind[K],
  signature: Hex,
  domain: SigningDomain,
): Address | undefined {
  throw new Error(`being written: ${kind} ${typeof order} ${signature} ${domain.name}`);
}

/** Signs a ballot, 64 bytes. `domain` is that of `Hub`. */
export async function signBallot(ballot: Ballot, signer: TypedDataSigner, domain: SigningDomain): Promise<Hex> {
  throw new Error(`being written: ${ballot.epoch} ${typeof signer} ${domain.name}`);
}

/** Who signed the ballot (lower case), or undefined when the bytes are no compact ECDSA signature. */
export function ballotSigner(ballot: Ballot, signature: Hex, domain: SigningDomain): Address | undefined {
  throw new Error(`being written: ${ballot.epoch} ${signature} ${domain.name}`);
}

/** The two words of a compact signature, as `Hub.settle` takes them. */
export function compactParts(signature: Hex): CompactSignature {
  throw new Error(`being written: ${signature}`);
}
