import { sql } from "kysely";

import type { ParamsStore } from "../domain/ports.ts";

import type { Database } from "./database.ts";

export interface KeptParams extends ParamsStore {
  /** Forgets params put before `before` (Unix seconds) that no order and no deal names. */
  forget(before: number): Promise<void>;
}

/** Params in the database, as the exact bytes that were put. */
export function createParamsStore(db: Database): KeptParams {
  return {
    async has(hash) {
      return (await db.selectFrom("params").select("hash").where("hash", "=", hash).executeTakeFirst()) !== undefined;
    },
    async put(hash, bytes, now) {
      await db
        .insertInto("params")
        .values({ hash, bytes: Buffer.from(bytes), put_at: now })
        .onConflict((conflict) => conflict.column("hash").doUpdateSet({ put_at: now }))
        .execute();
    },
    async get(hash) {
      return (await db.selectFrom("params").select("bytes").where("hash", "=", hash).executeTakeFirst())?.bytes;
    },
    async forget(before) {
      await db
        .deleteFrom("params")
        .where("put_at", "<", before)
        .where(sql<boolean>`not exists (select from orders where orders.params_hash = params.hash)`)
        .where(sql<boolean>`not exists (select from deals where deals.params_hash = params.hash)`)
        .execute();
    },
  };
}
