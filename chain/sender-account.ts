import { keccak256 } from "ethers";
import type { BaseWallet } from "ethers";

import type { Address, Hash, Hex } from "../protocol/primitives.ts";
import type { Fees } from "./fees.ts";
import type { Call, SignedAttempt } from "./intent.ts";
import type { SenderChain } from "./sender-chain.ts";

/** What signs transactions: a wallet of ethers, connected or not. */
export type TransactionSigner = Pick<BaseWallet, "address" | "signTransaction">;

/** What a transaction says, but for its fees. */
type Unsigned = { readonly nonce: number; readonly call: Call; readonly gasLimit: bigint };

/** The account that sends. */
export interface SenderAccount {
  /** Lower case. */
  readonly address: Address;
  /** Its name in the journal. */
  scope(): Promise<string>;
  sign(unsigned: Unsigned, fees: Fees): Promise<SignedAttempt>;
}

export function createSenderAccount(chain: SenderChain, signer: TransactionSigner, now: () => number): SenderAccount {
  const address = signer.address.toLowerCase() as Address;
  let knownScope: string | undefined;

  /** Two local chains may have one chain id, and the second knows nothing of what was sent on the first. */
  async function scope(): Promise<string> {
    knownScope ??= `${chain.chainId}-${(await chain.genesis()).slice(2, 18)}-${address}`;
    return knownScope;
  }

  async function sign({ nonce, call, gasLimit }: Unsigned, fees: Fees): Promise<SignedAttempt> {
    const { to, data, value = 0n } = call;
    const { maxFeePerGas, maxPriorityFeePerGas } = fees;
    const prices = { maxFeePerGas, maxPriorityFeePerGas };
    const transaction = { type: 2, chainId: chain.chainId, nonce, to: to ?? null, data, value, gasLimit, ...prices };
    const raw = (await signer.signTransaction(transaction)) as Hex;
    return { hash: keccak256(raw) as Hash, raw, ...prices, signedAt: now() };
  }

  return { address, scope, sign };
}
