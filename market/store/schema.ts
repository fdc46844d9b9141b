import type { Generated } from "kysely";

/** Amounts and ids up to 2^256 are numeric(78): the drivers give them as decimal strings, never as floats. */
type Big = string;

export type OrdersTable = {
  readonly hash: string;
  readonly kind: string;
  readonly signer: string;
  readonly asset: Big;
  readonly dataset: Big | null;
  readonly pool: Big | null;
  readonly category: number | null;
  readonly price: Big;
  readonly volume: Big;
  readonly needs: Big;
  readonly counter: Big | null;
  readonly nonce: Big | null;
  readonly expiry: number;
  readonly only_requester: string | null;
  readonly params_hash: string | null;
  /** Who pays for a request that its signer does not pay for itself. */
  readonly payer: string | null;
  /** The order as JSON, amounts as decimal strings. */
  readonly fields: string;
  readonly signature: string;
  readonly consumed: Big;
  readonly nonce_used: boolean;
  readonly remaining: Big;
  readonly status: string;
  readonly reason_code: string | null;
  readonly reason_message: string | null;
  readonly posted_at: number;
  /** Block not older than `consumed` and `nonce_used`. */
  readonly read_at: number;
};

type AccountsTable = {
  readonly address: string;
  readonly available: Big;
  readonly counter: Big;
  readonly read_at: number;
};

/** What payers allow requesters, for the pairs that requests of the book name. */
type AllowancesTable = {
  readonly payer: string;
  readonly requester: string;
  readonly amount: Big;
  readonly read_at: number;
};

export type AssetsTable = {
  readonly kind: string;
  readonly id: Big;
  /** Null once a reorganisation took the registration back. */
  readonly owner: string | null;
  readonly reference: string | null;
  readonly digest: string | null;
  readonly encrypted: boolean | null;
  readonly operator: string | null;
  readonly endpoint: string | null;
  readonly read_at: number;
};

/** Everybody who was ever seen to own an asset. */
type OwnersTable = { readonly kind: string; readonly id: Big; readonly owner: string };

export type DealsTable = {
  readonly deal_id: string;
  readonly requester: string;
  readonly pool: Big;
  readonly app: Big;
  readonly request_hash: string;
  readonly params_hash: string;
  readonly fields: string;
  readonly volume: number;
  readonly ended: string | null;
  readonly ended_block: number | null;
  readonly block_number: number;
  readonly log_index: number;
  readonly transaction_hash: string;
};

/** Rows are entered with the deal for its first tasks and otherwise when a task settles. */
export type TasksTable = {
  readonly task_id: string;
  readonly deal_id: string;
  readonly index: number;
  readonly digest: string | null;
  readonly settled_block: number | null;
};

type ParamsTable = { readonly hash: string; readonly bytes: Uint8Array; readonly put_at: number };

/** One row each: the watcher's checkpoint, and who follows the chain at the moment. */
type StateTable = { readonly name: string; readonly value: string };

/** Events that can never be handled, with why. */
type QuarantineTable = {
  readonly id: Generated<number>;
  readonly event: string;
  readonly code: string;
  readonly message: string;
};

type FeedTable = { readonly seq: number; readonly event: string };

export type Schema = {
  readonly orders: OrdersTable;
  readonly accounts: AccountsTable;
  readonly allowances: AllowancesTable;
  readonly assets: AssetsTable;
  readonly owners: OwnersTable;
  readonly deals: DealsTable;
  readonly tasks: TasksTable;
  readonly params: ParamsTable;
  readonly state: StateTable;
  readonly quarantine: QuarantineTable;
  readonly feed: FeedTable;
};
