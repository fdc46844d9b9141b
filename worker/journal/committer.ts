import type { DatabaseSync } from "node:sqlite";

/** A record as it is to stand, or `undefined` where it is to be removed. */
type Row = { readonly shelf: string; readonly key: string; readonly record: string | undefined };

/** What a change comes to: its answer, and what has to be written for it, which memory has already and would have to give back. */
type Change<R> = { readonly answer: R; readonly written?: { readonly row: Row; readonly undo: () => void } };

/** Writes changes to a journal's database. */
export interface Committer {
  /**
   * Makes a change after those that were asked for before it, and resolves once the disk has it. Changes of one turn of the event
   * loop are one transaction, and so one sync of the disk. Nobody sees memory ahead of the disk: what a transaction makes of it is
   * made and taken back without a pause.
   * @throws what `make` throws, which ends that change alone, or what the database fails with
   */
  commit<R>(make: () => Change<R>): Promise<R>;
}

type Waiting = {
  readonly make: () => Change<unknown>;
  readonly resolve: (answer: never) => void;
  readonly reject: Reject;
};
type Reject = (error: unknown) => void;
type Made = Omit<Waiting, "make"> & Change<unknown>;

export function createCommitter(database: DatabaseSync): Committer {
  const put = database.prepare(
    "INSERT INTO records VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET record = excluded.record",
  );
  const remove = database.prepare("DELETE FROM records WHERE shelf = ? AND key = ?");
  let waiting: Waiting[] = [];

  function write(rows: readonly Row[]): void {
    database.exec("BEGIN IMMEDIATE");
    for (const { shelf, key, record } of rows) {
      if (record === undefined) remove.run(shelf, key);
      else put.run(shelf, key, record);
    }
    database.exec("COMMIT");
  }

  function commitAll(): void {
    const batch = waiting;
    waiting = [];
    const made = batch.flatMap(makeOne);
    const written = made.flatMap((change) => change.written ?? []);
    try {
      if (written.length > 0) write(written.map(({ row }) => row));
    } catch (error) {
      if (database.isOpen && database.isTransaction) database.exec("ROLLBACK");
      for (const { undo } of written.reverse()) undo();
      for (const { reject } of made) reject(error);
      return;
    }
    for (const { resolve, answer } of made) resolve(answer as never);
  }

  return {
    commit: (make) =>
      new Promise((resolve, reject) => {
        waiting.push({ make, resolve, reject });
        if (waiting.length === 1) setImmediate(commitAll);
      }),
  };
}

function makeOne({ make, resolve, reject }: Waiting): readonly Made[] {
  try {
    return [{ ...make(), resolve, reject }];
  } catch (error) {
    reject(error);
    return [];
  }
}
