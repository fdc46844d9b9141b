import type { SenderJournal } from "../sender-journal.ts";

export type FileJournalOptions = {
  /** Made when missing; one file an intent. Belongs to one chain's data and is deleted with it. */
  readonly dir: string;
  /** How many finished intents are remembered at least; older ones may be forgotten, and their ids used again. Default 1,000. */
  readonly keepFinished?: number;
};

/** A journal in a folder, synced to disk; several processes may share it. */
export function createFileJournal(options: FileJournalOptions): SenderJournal {
  throw new Error(`being written: ${options.dir}`);
}
