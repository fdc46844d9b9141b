import { PostgresDialect, PostgresDriver } from "kysely";
import type { DatabaseConnection, Driver, PostgresDialectConfig } from "kysely";
import { DatabaseError } from "pg";

import { DatabaseUnreachableError } from "../errors.ts";

/** SQLSTATE classes in which the server, not the statement, is the trouble: connection, resources, operator. */
const SERVER_TROUBLE = /^(08|53|57)/;

/** As kysely's own, but a lost server is an error of ours, so that nobody takes it for a bad statement. */
class GuardedPostgresDriver extends PostgresDriver {
  readonly #guarded = new WeakSet<DatabaseConnection>();

  override async acquireConnection(): Promise<DatabaseConnection> {
    const connection = await super.acquireConnection().catch(rethrow);
    if (this.#guarded.has(connection)) return connection;
    const execute = connection.executeQuery.bind(connection);
    connection.executeQuery = (...query) => execute(...query).catch(rethrow) as never;
    this.#guarded.add(connection);
    return connection;
  }
}

/** PostgreSQL as kysely speaks to it; every query throws DatabaseUnreachableError when the server is lost. */
export class GuardedPostgresDialect extends PostgresDialect {
  readonly #config: PostgresDialectConfig;

  constructor(config: PostgresDialectConfig) {
    super(config);
    this.#config = config;
  }

  override createDriver(): Driver {
    return new GuardedPostgresDriver(this.#config);
  }
}

function rethrow(error: unknown): never {
  if (error instanceof DatabaseError && !SERVER_TROUBLE.test(error.code ?? "")) throw error;
  throw new DatabaseUnreachableError("PostgreSQL does not answer", {
    cause: error,
    hint: "Check that it runs and that DATABASE_URL is right",
  });
}
