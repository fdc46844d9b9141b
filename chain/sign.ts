import { Signature, verifyTypedData } from "ethers";
import type { Signer } from "ethers";

import { BALLOT_TYPES } from "../protocol/ballot.ts";
import type { Ballot } from "../protocol/ballot.ts";
import { BadInputError } from "../protocol/errors.ts";
import { ORDER_TYPES } from "../protocol/orders.ts";
import type { OrderByKind, OrderKind, SigningDomain } from "../protocol/orders.ts";
import type { Address, Hash, Hex } from "../protocol/primitives.ts";

/** What signs typed data: a wallet of ethers, or a browser's. */
type TypedDataSigner = Pick<Signer, "signTypedData">;

/** An EIP-2098 compact signature: 64 bytes in two words. */
type CompactSignature = { readonly r: Hash; readonly vs: Hash };

/** 0x and 64 bytes. */
const COMPACT_LENGTH = 130;

/** Signs an order; the signature is the usual 65 bytes. `domain` is that of `Marketplace`. */
export async function signOrder<K extends OrderKind>(
  kind: K,
  order: OrderByKind[K],
  signer: TypedDataSigner,
  domain: SigningDomain,
): Promise<Hex> {
  return (await signer.signTypedData(domain, ORDER_TYPES[kind], order)) as Hex;
}

/** Who signed the order (lower case), or undefined when the bytes are no ECDSA signature of 64 or 65 bytes. */
export function orderSigner<K extends OrderKind>(
  kind: K,
  order: OrderByKind[K],
  signature: Hex,
  domain: SigningDomain,
): Address | undefined {
  return recovered(() => verifyTypedData(domain, ORDER_TYPES[kind], order, signature));
}

/** Signs a ballot, 64 bytes. `domain` is that of `Hub`. */
export async function signBallot(ballot: Ballot, signer: TypedDataSigner, domain: SigningDomain): Promise<Hex> {
  const signature = await signer.signTypedData(domain, BALLOT_TYPES, ballot);
  return Signature.from(signature).compactSerialized as Hex;
}

/** Who signed the ballot (lower case), or undefined when the bytes are no compact ECDSA signature. */
export function ballotSigner(ballot: Ballot, signature: Hex, domain: SigningDomain): Address | undefined {
  if (signature.length !== COMPACT_LENGTH) return undefined;
  return recovered(() => verifyTypedData(domain, BALLOT_TYPES, ballot, signature));
}

/**
 * The two words of a compact signature, as `Hub.settle` takes them.
 * @throws BadInputError when it is not 64 bytes
 */
export function compactParts(signature: Hex): CompactSignature {
  if (signature.length !== COMPACT_LENGTH) {
    throw new BadInputError("a compact signature has 64 bytes", { details: { signature } });
  }
  return { r: signature.slice(0, 66) as Hash, vs: `0x${signature.slice(66)}` };
}

/** Bytes that recover to nobody are a stranger's bad input, which the caller answers, and no failure of ours. */
function recovered(recover: () => string): Address | undefined {
  try {
    return recover().toLowerCase() as Address;
  } catch {
    return undefined;
  }
}
