import { sql } from "kysely";
import type { Kysely } from "kysely";
import { Migrator } from "kysely/migration";
import type { Migration } from "kysely/migration";

import type { Schema } from "./schema.ts";

/** Statements of one step, in PostgreSQL's words: the embedded database is PostgreSQL too. */
const step = (statements: readonly string[]): Migration => ({
  async up(db: Kysely<unknown>) {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
});

const FIRST = step([
  `create table orders (
    hash text primary key,
    kind text not null,
    signer text not null,
    asset numeric(78) not null,
    dataset numeric(78),
    pool numeric(78),
    category integer,
    price numeric(78) not null,
    volume numeric(78) not null,
    needs numeric(78) not null,
    counter numeric(78),
    nonce numeric(78),
    expiry bigint not null,
    only_requester text,
    params_hash text,
    fields text not null,
    signature text not null,
    consumed numeric(78) not null,
    nonce_used boolean not null,
    remaining numeric(78) not null,
    status text not null,
    reason_code text,
    reason_message text,
    posted_at bigint not null,
    read_at bigint not null
  )`,
  "create index orders_book on orders (kind, status, price, hash)",
  "create index orders_asset on orders (kind, asset, status, price, hash)",
  "create index orders_signer on orders (signer, status)",
  "create index orders_expiry on orders (expiry) where status in ('active', 'inactive')",
  "create index orders_read on orders (read_at)",
  "create index orders_params on orders (params_hash) where params_hash is not null",
  `create table accounts (
    address text primary key,
    available numeric(78) not null,
    counter numeric(78) not null,
    read_at bigint not null
  )`,
  "create index accounts_read on accounts (read_at)",
  `create table assets (
    kind text not null,
    id numeric(78) not null,
    owner text,
    reference text,
    digest text,
    encrypted boolean,
    operator text,
    endpoint text,
    read_at bigint not null,
    primary key (kind, id)
  )`,
  "create index assets_owner on assets (kind, owner, id)",
  "create index assets_read on assets (read_at)",
  "create table owners (kind text not null, id numeric(78) not null, owner text not null, primary key (kind, id, owner))",
  `create table deals (
    deal_id text primary key,
    requester text not null,
    pool numeric(78) not null,
    app numeric(78) not null,
    request_hash text not null,
    params_hash text not null,
    fields text not null,
    volume bigint not null,
    ended text,
    ended_block bigint,
    block_number bigint not null,
    log_index bigint not null,
    transaction_hash text not null
  )`,
  "create index deals_age on deals (block_number, log_index)",
  "create index deals_requester on deals (requester, block_number, log_index)",
  "create index deals_pool on deals (pool, block_number, log_index)",
  "create index deals_request on deals (request_hash)",
  `create table tasks (
    task_id text primary key,
    deal_id text not null references deals on delete cascade,
    index bigint not null,
    digest text,
    settled_block bigint,
    unique (deal_id, index)
  )`,
  "create index tasks_settled on tasks (settled_block) where settled_block is not null",
  "create table params (hash text primary key, bytes bytea not null, put_at bigint not null)",
  "create table state (name text primary key, value text not null)",
  "insert into state (name, value) values ('feed', '0')",
  `create table quarantine (
    id bigint generated always as identity primary key,
    event text not null,
    code text not null,
    message text not null
  )`,
  "create table feed (seq bigint primary key, event text not null)",
]);

/** A request may be paid for by somebody else. Those that are there already pay for themselves. */
const PAYERS = step([
  "alter table orders add column payer text",
  "create index orders_payer on orders (payer) where payer is not null",
  `create table allowances (
    payer text not null,
    requester text not null,
    amount numeric(78) not null,
    read_at bigint not null,
    primary key (payer, requester)
  )`,
  "create index allowances_read on allowances (read_at)",
]);

/** Brings the tables to this version's form. Safe to call from several processes at a time: the database locks. */
export async function migrate(db: Kysely<Schema>): Promise<void> {
  const provider = { getMigrations: async () => ({ "0001_first": FIRST, "0002_payers": PAYERS }) };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error !== undefined) throw error instanceof Error ? error : new Error("Migration failed", { cause: error });
}
