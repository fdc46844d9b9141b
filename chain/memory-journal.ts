import type { Intent } from "./intent.ts";
import type { SenderJournal } from "./sender-journal.ts";

/** A journal that ends with the process: for tests, and for browsers. */
export function createMemoryJournal(): SenderJournal {
  const scopes = new Map<string, Map<string, Intent>>();

  function intentsOf(scope: string): Map<string, Intent> {
    const known = scopes.get(scope) ?? new Map<string, Intent>();
    scopes.set(scope, known);
    return known;
  }

  return {
    get: async (scope, id) => intentsOf(scope).get(id),
    byNonce: async (scope, nonce) => [...intentsOf(scope).values()].find((intent) => intent.nonce === nonce),
    open: async (scope) => openIntents(intentsOf(scope).values()),
    nextNonce: async (scope) => nextNonceOf(intentsOf(scope).values()),
    add: async (scope, intent) => {
      const intents = intentsOf(scope);
      const known = intents.get(intent.id);
      if (known) return { kind: "known", intent: known };
      if ([...intents.values()].some(({ nonce }) => nonce === intent.nonce)) return { kind: "nonce-taken" };
      intents.set(intent.id, intent);
      return { kind: "added" };
    },
    update: async (scope, intent) => {
      const intents = intentsOf(scope);
      if (intents.get(intent.id)?.revision !== intent.revision - 1) return false;
      intents.set(intent.id, intent);
      return true;
    },
    remove: async (scope, id, revision) => {
      const intents = intentsOf(scope);
      return intents.get(id)?.revision === revision && intents.delete(id);
    },
  };
}

/** Those in state `open`, by ascending nonce. */
export function openIntents(intents: Iterable<Intent>): readonly Intent[] {
  return [...intents].filter(({ state }) => state === "open").sort((a, b) => a.nonce - b.nonce);
}

/** One more than the highest nonce. */
export function nextNonceOf(intents: Iterable<Intent>): number {
  return Math.max(-1, ...[...intents].map(({ nonce }) => nonce)) + 1;
}
