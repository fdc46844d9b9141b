import type { BaseWallet, JsonRpcApiProvider } from "ethers";

import type { Address } from "../protocol/primitives.ts";
import type { Call, Intent, Receipt, SenderJournal } from "./sender-journal.ts";

/** What signs transactions: a wallet of ethers, connected or not. */
export type TransactionSigner = Pick<BaseWallet, "address" | "signTransaction">;

export type SenderOptions = {
  readonly provider: JsonRpcApiProvider;
  readonly signer: TransactionSigner;
  readonly journal: SenderJournal;
  /** Blocks on top of a transaction's own before it counts as done. */
  readonly confirmations: number;
  /** How often open transactions are looked at. Default 1,000 ms. */
  readonly pollMs?: number;
  /** After how long a transaction that is not mined is replaced by one that pays more. Default 60,000 ms. */
  readonly replaceAfterMs?: number;
  /** How often one transaction is replaced at most. Default 10, each time for at least an eighth more. */
  readonly maxReplacements?: number;
  /** Gets failures of the background work; it goes on. */
  readonly onError: (error: unknown) => void;
};

/** How an intent that was open at the start ended. */
export type Resumed = { readonly id: string } & ({ readonly receipt: Receipt } | { readonly error: unknown });

/** Sends transactions of one account, each intent once, whatever crashes in between. */
export interface TransactionSender extends AsyncDisposable {
  /** Lower case. */
  readonly address: Address;
  /**
   * Sends `call` for the purpose named `id` and waits until it is done. A known id sends nothing: its first transaction
   * is followed to its end, or its result is given again, whatever `call` says this time.
   * Aborting `signal` ends the waiting (rejecting with its reason), not the transaction.
   * @throws a mapped or ChainRevertedError when it would revert (nothing was sent) or did (the id is spent);
   * NoGasMoneyError | NonceTakenError | ChainUnreachableError
   */
  send(id: string, call: Call, signal?: AbortSignal): Promise<Receipt>;
  /** Follows to the end what an earlier process left open. Call it once at start. */
  resume(signal?: AbortSignal): Promise<readonly Resumed[]>;
  /** What the journal knows of an intent. */
  find(id: string): Promise<Intent | undefined>;
}

/** Starts nothing in the background until something is sent or resumed. */
export function createSender(options: SenderOptions): TransactionSender {
  throw new Error(`being written: ${options.confirmations}`);
}
