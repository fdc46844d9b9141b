import type { SenderJournal } from "./sender-journal.ts";

/** A journal that ends with the process: for tests, and for browsers, where the wallet keeps the nonces. */
export function createMemoryJournal(): SenderJournal {
  throw new Error("being written");
}
