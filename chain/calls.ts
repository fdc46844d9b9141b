import type { Deal } from "../protocol/deal.ts";
import type { Deployment } from "../protocol/deployment.ts";
import type {
  AppOrder,
  DatasetOrder,
  OrderByKind,
  OrderKind,
  PoolOrder,
  RequestOrder,
  Signed,
} from "../protocol/orders.ts";
import type { Address, Hash, Hex } from "../protocol/primitives.ts";
import type { OpenedBallot } from "../protocol/settlement.ts";
import type { AssetKind } from "./reader.ts";
import type { Call } from "./sender-journal.ts";

/** Four orders that fit together; no `dataset` when the request names none. */
export type Match = {
  readonly app: Signed<AppOrder>;
  readonly dataset?: Signed<DatasetOrder>;
  readonly pool: Signed<PoolOrder>;
  readonly request: Signed<RequestOrder>;
};

/** What `Hub.settle` takes; `tasks` is made by `encodeSettlement` of `protocol/settlement.ts`. */
export type Settle = {
  readonly pool: bigint;
  readonly lane: number;
  readonly deals: readonly Deal[];
  readonly tasks: Hex;
  readonly ballots: readonly OpenedBallot[];
  readonly callbacks: readonly Hex[];
};

/** Every transaction that Gridmill sends, ready for a `TransactionSender`. Amounts in wei. Touches no network. */
export interface GridCalls {
  transfer(to: Address, amount: bigint): Call;
  /** Lets the escrow take `amount` from the sender's tokens; before `deposit`. */
  allowDeposit(amount: bigint): Call;
  deposit(amount: bigint): Call;
  depositFor(account: Address, amount: bigint): Call;
  withdraw(amount: bigint): Call;
  withdrawTo(to: Address, amount: bigint): Call;
  sweepBurned(): Call;
  /** `digest` is the sha256 of the image, as 0x and 32 bytes. */
  registerApp(reference: string, digest: Hash): Call;
  registerDataset(reference: string, digest: Hash, encrypted: boolean): Call;
  registerPool(operator: Address, endpoint: string): Call;
  setPoolOperator(pool: bigint, operator: Address): Call;
  setPoolEndpoint(pool: bigint, endpoint: string): Call;
  transferAsset(kind: AssetKind, id: bigint, from: Address, to: Address): Call;
  matchOrders(match: Match): Call;
  approveOrder<K extends OrderKind>(kind: K, order: OrderByKind[K]): Call;
  cancelOrder<K extends OrderKind>(kind: K, order: OrderByKind[K]): Call;
  cancelAllAsks(): Call;
  bond(amount: bigint): Call;
  unbond(amount: bigint): Call;
  withdrawBond(): Call;
  /** `leaves` ascending by worker. */
  seal(pool: bigint, lane: number, leaves: readonly Hash[]): Call;
  settle(settle: Settle): Call;
  decline(deal: Deal): Call;
  claim(deal: Deal): Call;
}

export function createCalls(deployment: Deployment): GridCalls {
  throw new Error(`being written: ${deployment.chainId}`);
}
