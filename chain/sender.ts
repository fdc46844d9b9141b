import type { GridmillError } from "../protocol/errors.ts";
import type { Address } from "../protocol/primitives.ts";
import { NonceTakenError, SenderClosedError } from "./errors.ts";
import type { Call, Intent, Receipt } from "./intent.ts";
import { pause } from "./pause.ts";
import { createQueue } from "./queue.ts";
import { revertError } from "./revert-errors.ts";
import { createSenderAccount } from "./sender-account.ts";
import type { TransactionSigner } from "./sender-account.ts";
import { beginIntent } from "./sender-begin.ts";
import type { SenderChain } from "./sender-chain.ts";
import { followOpen, reopenLost } from "./sender-follower.ts";
import type { SenderJournal } from "./sender-journal.ts";
import { createWaiters } from "./sender-waiters.ts";
import type { Waiters } from "./sender-waiters.ts";

export type SenderOptions = {
  /** `createSenderChain(provider)`. */
  readonly chain: SenderChain;
  readonly signer: TransactionSigner;
  readonly journal: SenderJournal;
  /** Blocks on top of a transaction's own before it counts as done. */
  readonly confirmations: number;
  /** How often open transactions are looked at. Default 1,000 ms. */
  readonly pollMs?: number;
  /** After how long a transaction that is not mined is replaced by one that pays more. Default 60,000 ms. */
  readonly replaceAfterMs?: number;
  /** The most that a transaction may offer, in wei per gas. Default: whatever the chain asks for. */
  readonly maxFeePerGas?: bigint | undefined;
  /** How often one transaction is replaced at most. Default 10, each time for at least an eighth more. */
  readonly maxReplacements?: number;
  /** Gets failures of the background work; it goes on. */
  readonly onError: (error: unknown) => void;
  /** Unix milliseconds; decides only when to replace. Default: this machine's clock. */
  readonly now?: () => number;
};

/** How an intent that was open at the start ended. */
type Resumed = { readonly id: string } & ({ readonly receipt: Receipt } | { readonly error: unknown });

/** Sends transactions of one account, each intent once, whatever crashes in between. */
export interface TransactionSender extends AsyncDisposable {
  /** Lower case. */
  readonly address: Address;
  /**
   * Sends `call` for the purpose named `id` and waits until it is done. A known id sends nothing: its first transaction
   * is followed to its end, or its result is given again, whatever `call` says this time.
   * Aborting `signal` ends the waiting (rejecting with its reason), not the transaction.
   * @throws a mapped or ChainRevertedError when it would revert (nothing was sent) or did (the id is spent);
   * NoGasMoneyError | FeesTooHighError | NonceTakenError | ChainUnreachableError
   */
  send(id: string, call: Call, signal?: AbortSignal): Promise<Receipt>;
  /** Follows to the end what an earlier process left open. Call it once at start. */
  resume(signal?: AbortSignal): Promise<readonly Resumed[]>;
  /**
   * To be called when blocks above `block` were replaced although they were deep enough: what was done in them is done again,
   * in the background, under the same ids. @returns the ids, with those of what is open anyway
   */
  redo(block: number): Promise<readonly string[]>;
  /** What the journal knows of an intent. */
  find(id: string): Promise<Intent | undefined>;
}

/** Starts nothing in the background until something is sent or resumed. */
export function createSender(options: SenderOptions): TransactionSender {
  const { chain, signer, journal, onError } = options;
  const { pollMs = 1_000, replaceAfterMs = 60_000, maxReplacements = 10, now = Date.now } = options;
  const account = createSenderAccount(chain, signer, now);
  const deps = { ...options, account, replaceAfterMs, maxReplacements, now, exclusive: createQueue() };
  const waiters = createWaiters();
  const closing = new AbortController();
  let following: Promise<void> | undefined;

  const find = async (id: string): Promise<Intent | undefined> => journal.get(await account.scope(), id);

  function settled(id: string, signal: AbortSignal | undefined): Promise<Receipt> {
    if (closing.signal.aborted) return Promise.reject(closed());
    following ??= follow();
    return waiters.wait(id, signal);
  }

  /** Runs while anything is open or anybody waits; in the end clears `following` in the turn of its last look. */
  async function follow(): Promise<void> {
    while (!closing.signal.aborted) {
      const busy = await followOpen(deps).catch(reported(onError));
      await answer(waiters, find).catch(onError);
      if (busy === false && waiters.ids().length === 0) break;
      await pause(pollMs, closing.signal);
    }
    following = undefined;
  }

  return {
    address: account.address,
    find,
    send: async (id, call, signal) => {
      signal?.throwIfAborted();
      if (!(await find(id))) {
        const { attempts } = await beginIntent(id, call, deps);
        // What fails now is tried again by the follower, since the intent is written down.
        await chain.broadcast(attempts.at(-1)!.raw).catch(onError);
      }
      return await settled(id, signal);
    },
    resume: async (signal) => {
      const open = await journal.open(await account.scope());
      return Promise.all(open.map(({ id }) => outcomeOf(id, settled(id, signal))));
    },
    redo: async (block) => {
      const ids = await reopenLost(block, deps);
      following ??= follow();
      return ids;
    },
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      for (const id of waiters.ids()) waiters.reject(id, closed());
      await following;
    },
  };
}

/** Tells those who wait for an intent that is no longer open. */
async function answer(waiters: Waiters, find: (id: string) => Promise<Intent | undefined>): Promise<void> {
  for (const id of waiters.ids()) {
    const intent = await find(id);
    if (!intent) waiters.reject(id, nonceTaken(id));
    else if (intent.state === "succeeded") waiters.resolve(id, intent.receipt!);
    else if (intent.state === "reverted") waiters.reject(id, revertError(intent.revertData));
  }
}

async function outcomeOf(id: string, receipt: Promise<Receipt>): Promise<Resumed> {
  try {
    return { id, receipt: await receipt };
  } catch (error) {
    return { id, error };
  }
}

const reported =
  (onError: (error: unknown) => void) =>
  (error: unknown): undefined => {
    onError(error);
    return undefined;
  };

function nonceTaken(id: string): GridmillError {
  return new NonceTakenError("Another program used the key while a transaction was waiting", {
    details: { id },
    hint: "Send it again, and let one program alone use this key",
  });
}

function closed(): GridmillError {
  return new SenderClosedError("The program is stopping; an open transaction is followed after the next start");
}
