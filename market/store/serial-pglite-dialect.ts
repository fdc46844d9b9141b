import type { PGlite } from "@electric-sql/pglite";
import { PGliteDialect, PGliteDriver } from "kysely";
import type { DatabaseConnection, Driver } from "kysely";

/**
 * kysely's driver hands one connection to everybody at once: a query of one caller would then run inside another's
 * transaction, and two transactions would end each other. Here callers take turns.
 */
class SerialPgliteDriver extends PGliteDriver {
  #last: Promise<void> = Promise.resolve();
  #free: () => void = () => {};

  override async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#last;
    const turn = Promise.withResolvers<void>();
    this.#last = turn.promise;
    await before;
    this.#free = turn.resolve;
    return super.acquireConnection();
  }

  override async releaseConnection(): Promise<void> {
    this.#free();
  }
}

/** The embedded database as kysely speaks to it. */
export class SerialPgliteDialect extends PGliteDialect {
  readonly #pglite: PGlite;

  constructor(pglite: PGlite) {
    super({ pglite });
    this.#pglite = pglite;
  }

  override createDriver(): Driver {
    return new SerialPgliteDriver({ pglite: this.#pglite });
  }
}
