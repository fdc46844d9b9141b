import { PGlite } from "@electric-sql/pglite";
import { Kysely, PGliteDialect } from "kysely";
import { Pool, types } from "pg";

import { GuardedPostgresDialect } from "./guarded-postgres-dialect.ts";
import { migrate } from "./migrations.ts";
import type { Schema } from "./schema.ts";

/** PostgreSQL's type number of bigint. We keep block numbers, seconds and indices in it: all below 2^53. */
const INT8 = 20;
const CONNECT_MS = 5_000;

export type Database = Kysely<Schema>;

export type DatabaseOptions =
  | { readonly kind: "postgres"; readonly url: string }
  /** Without a folder it lives in memory and is gone with the process. */
  | { readonly kind: "embedded"; readonly folder: string | undefined };

/** Opens the database and brings its tables up to date. `destroy()` closes it. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const dialect = options.kind === "postgres" ? postgres(options.url) : await embedded(options.folder);
  const db = new Kysely<Schema>({ dialect });
  try {
    await migrate(db);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return db;
}

function postgres(url: string): GuardedPostgresDialect {
  const getTypeParser: typeof types.getTypeParser = (id: number, format?: unknown) =>
    id === INT8 ? Number : (types.getTypeParser(id, format as "text") as never);
  const pool = new Pool({ connectionString: url, connectionTimeoutMillis: CONNECT_MS, types: { getTypeParser } });
  // A broken connection tells whoever queries over it, and the pool replaces it; unheard, its event would end the process.
  pool.on("error", () => {});
  pool.on("connect", (client) => void client.on("error", () => {}));
  return new GuardedPostgresDialect({ pool });
}

async function embedded(folder: string | undefined): Promise<PGliteDialect> {
  const options = { parsers: { [INT8]: Number } };
  const pglite = folder === undefined ? await PGlite.create(options) : await PGlite.create(folder, options);
  return new PGliteDialect({ pglite });
}
