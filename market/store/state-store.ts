import { sql } from "kysely";

import { CheckpointSchema } from "../../chain/checkpoint.ts";
import type { Checkpoint, CheckpointStore } from "../../chain/checkpoint.ts";
import { codeOf } from "../../protocol/errors.ts";
import { toJson } from "../../protocol/json.ts";

import type { Database } from "./database.ts";

/** How far the chain was followed, by whom, and what could not be handled. */
export interface StateStore {
  readonly checkpoint: CheckpointStore;
  /** Last block whose events are in the book. */
  followed(): Promise<number>;
  /**
   * Takes or keeps the right to follow the chain: one process at a time, for `seconds`. By the database's clock, since
   * those of several machines differ.
   */
  lead(me: string, seconds: number): Promise<boolean>;
  /** Gives that right back. */
  resign(me: string): Promise<void>;
  quarantine(event: unknown, error: unknown): Promise<void>;
  /** How many events are in quarantine. */
  quarantined(): Promise<number>;
}

export function createStateStore(db: Database): StateStore {
  const load = async (): Promise<Checkpoint | undefined> => {
    const row = await db.selectFrom("state").select("value").where("name", "=", "checkpoint").executeTakeFirst();
    return row && CheckpointSchema.parse(JSON.parse(row.value));
  };
  const save = async (checkpoint: Checkpoint): Promise<void> => {
    const value = toJson(checkpoint);
    await db
      .insertInto("state")
      .values({ name: "checkpoint", value })
      .onConflict((conflict) => conflict.column("name").doUpdateSet({ value }))
      .execute();
  };
  return {
    checkpoint: { load, save },
    followed: async () => (await load())?.block ?? 0,
    ...leadership(db),
    async quarantine(event, error) {
      const message = error instanceof Error ? error.message : String(error);
      await db
        .insertInto("quarantine")
        .values({ event: toJson(event), code: codeOf(error), message })
        .execute();
    },
    async quarantined() {
      const counted = db.selectFrom("quarantine").select((eb) => eb.fn.countAll().as("count"));
      return Number((await counted.executeTakeFirstOrThrow()).count);
    },
  };
}

/** The value is `<until in Unix seconds> <who>`. */
function leadership(db: Database): Pick<StateStore, "lead" | "resign"> {
  return {
    async lead(me, seconds) {
      const now = sql`extract(epoch from clock_timestamp())::bigint`;
      const taken = await sql`
        insert into state (name, value) values ('leader', (${now} + ${seconds}::bigint) || ' ' || ${me}::text)
        on conflict (name) do update set value = excluded.value
        where split_part(state.value, ' ', 2) = ${me} or split_part(state.value, ' ', 1)::bigint < ${now}`.execute(db);
      return taken.numAffectedRows === 1n;
    },
    async resign(me) {
      await db.deleteFrom("state").where("name", "=", "leader").where("value", "like", `% ${me}`).execute();
    },
  };
}
