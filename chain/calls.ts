import { packDeal } from "../protocol/deal-words.ts";
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
import { ZERO_ADDRESS, ZERO_HASH } from "../protocol/primitives.ts";
import type { Address, Hash, Hex } from "../protocol/primitives.ts";
import type { OpenedBallot } from "../protocol/settlement.ts";
import { INTERFACES, REGISTRY_OF } from "./interfaces.ts";
import type { ContractName } from "./interfaces.ts";
import type { AssetKind } from "./reader.ts";
import type { Call } from "./intent.ts";

/** Four orders that fit together; no `dataset` when the request names none. */
export type Match = {
  readonly app: Signed<AppOrder>;
  readonly dataset?: Signed<DatasetOrder>;
  readonly pool: Signed<PoolOrder>;
  readonly request: Signed<RequestOrder>;
};

/** The asks that several requests are matched with. */
type Asks = Omit<Match, "request">;

/** What `Hub.settle` takes; `tasks` is made by `encodeSettlement` of `protocol/settlement.ts`. */
type Settle = {
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
  /** A deal for each request that can be served; the others are passed over, each with its reason in `RequestSkipped`. */
  matchBatch(asks: Asks, requests: readonly Signed<RequestOrder>[]): Call;
  approveOrder<K extends OrderKind>(kind: K, order: OrderByKind[K]): Call;
  cancelOrder<K extends OrderKind>(kind: K, order: OrderByKind[K]): Call;
  cancelAllAsks(): Call;
  /** Lets `requester` name the sender as payer, up to `amount` in all from now on; 2^256 - 1 is not counted down. */
  allow(requester: Address, amount: bigint): Call;
  bond(amount: bigint): Call;
  unbond(amount: bigint): Call;
  withdrawBond(): Call;
  /** `leaves` ascending by worker. */
  seal(pool: bigint, lane: number, leaves: readonly Hash[]): Call;
  settle(settle: Settle): Call;
  /** Opens a vote that is kept sealed, so that it does not count as withheld. */
  openVote(worker: Address, taskId: Hash, digest: Hash, secret: Hash): Call;
  decline(deal: Deal): Call;
  claim(deal: Deal): Call;
}

export function createCalls({ contracts }: Deployment): GridCalls {
  const call =
    (contract: ContractName) =>
    (method: string, ...args: readonly unknown[]): Call => ({
      to: contracts[contract],
      data: INTERFACES[contract].encodeFunctionData(method, args) as Hex,
    });
  const [token, escrow] = [call("token"), call("escrow")];
  return {
    transfer: (to, amount) => token("transfer", to, amount),
    allowDeposit: (amount) => token("approve", contracts.escrow, amount),
    deposit: (amount) => escrow("deposit", amount),
    depositFor: (account, amount) => escrow("depositFor", account, amount),
    withdraw: (amount) => escrow("withdraw", amount),
    withdrawTo: (to, amount) => escrow("withdrawTo", to, amount),
    sweepBurned: () => escrow("sweepBurned"),
    ...registryCalls(call),
    ...marketplaceCalls(call("marketplace")),
    ...hubCalls(call("hub")),
  };
}

type Encode = (method: string, ...args: readonly unknown[]) => Call;

type RegistryCalls = "registerApp" | "registerDataset" | "registerPool" | "setPoolOperator" | "setPoolEndpoint";

function registryCalls(call: (contract: ContractName) => Encode): Pick<GridCalls, RegistryCalls | "transferAsset"> {
  const pool = call("poolRegistry");
  return {
    registerApp: (reference, digest) => call("appRegistry")("register", reference, digest),
    registerDataset: (reference, digest, encrypted) =>
      call("datasetRegistry")("register", reference, digest, encrypted),
    registerPool: (operator, endpoint) => pool("register", operator, endpoint),
    setPoolOperator: (id, operator) => pool("setOperator", id, operator),
    setPoolEndpoint: (id, endpoint) => pool("setEndpoint", id, endpoint),
    transferAsset: (kind, id, from, to) => call(REGISTRY_OF[kind])("transferFrom", from, to, id),
  };
}

type MarketplaceCalls = "matchOrders" | "matchBatch" | "approveOrder" | "cancelOrder" | "cancelAllAsks" | "allow";

/** How the functions of each kind are named, as in `approveAppOrder`. */
const ORDER_NAMES: Readonly<Record<OrderKind, string>> = {
  app: "AppOrder",
  dataset: "DatasetOrder",
  pool: "PoolOrder",
  request: "RequestOrder",
};

function marketplaceCalls(encode: Encode): Pick<GridCalls, MarketplaceCalls> {
  return {
    matchOrders: ({ app, dataset = NO_DATASET, pool, request }) => encode("matchOrders", app, dataset, pool, request),
    matchBatch: ({ app, dataset = NO_DATASET, pool }, requests) => encode("matchBatch", app, dataset, pool, requests),
    approveOrder: (kind, order) => encode(`approve${ORDER_NAMES[kind]}`, order),
    cancelOrder: (kind, order) => encode(`cancel${ORDER_NAMES[kind]}`, order),
    cancelAllAsks: () => encode("cancelAll"),
    allow: (requester, amount) => encode("allow", requester, amount),
  };
}

/** What stands in the place of a dataset order that nobody reads. */
const NO_DATASET: Signed<DatasetOrder> = {
  order: {
    dataset: 0n,
    price: 0n,
    volume: 0n,
    expiry: 0,
    counter: 0n,
    salt: ZERO_HASH,
    onlyApp: 0n,
    onlyPool: 0n,
    onlyRequester: ZERO_ADDRESS,
  },
  signature: "0x",
};

type HubCalls = "bond" | "unbond" | "withdrawBond" | "seal" | "settle" | "openVote" | "decline" | "claim";

function hubCalls(encode: Encode): Pick<GridCalls, HubCalls> {
  return {
    bond: (amount) => encode("bond", amount),
    unbond: (amount) => encode("unbond", amount),
    withdrawBond: () => encode("withdrawBond"),
    seal: (pool, lane, leaves) => encode("seal", pool, lane, leaves),
    settle: ({ pool, lane, deals, tasks, ballots, callbacks }) =>
      encode("settle", pool, lane, deals.map(packDeal), tasks, ballots, callbacks),
    openVote: (worker, taskId, digest, secret) => encode("openVote", worker, taskId, digest, secret),
    decline: (deal) => encode("decline", packDeal(deal)),
    claim: (deal) => encode("claim", packDeal(deal)),
  };
}
