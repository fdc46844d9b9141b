import type { Intent } from "./intent.ts";

/** What became of {@link SenderJournal.add}. */
export type Added =
  | { readonly kind: "added" }
  /** The id is known; nothing changed. */
  | { readonly kind: "known"; readonly intent: Intent }
  /** Another intent has this nonce; nothing changed. */
  | { readonly kind: "nonce-taken" };

/**
 * Where a sender writes down what it is about to do, before it does it. `scope` names one account on one chain.
 * Each method is one atomic and durable step: several processes may share a journal.
 */
export interface SenderJournal {
  get(scope: string, id: string): Promise<Intent | undefined>;
  /** The intent that has this nonce, in whatever state. */
  byNonce(scope: string, nonce: number): Promise<Intent | undefined>;
  /** All intents in state `open`, by ascending nonce. */
  open(scope: string): Promise<readonly Intent[]>;
  /** One more than the highest nonce of an intent that is remembered; 0 when there is none. */
  nextNonce(scope: string): Promise<number>;
  add(scope: string, intent: Intent): Promise<Added>;
  /** Replaces the intent of this id if its revision is still `intent.revision - 1`; returns whether it was. */
  update(scope: string, intent: Intent): Promise<boolean>;
  /** Forgets an intent that can never be mined, if its revision is still this one; returns whether it was. */
  remove(scope: string, id: string, revision: number): Promise<boolean>;
}
