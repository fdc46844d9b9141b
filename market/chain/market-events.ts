import type { GridEvent, GridEventKind, GridEventOf } from "../../chain/events.ts";
import { ZERO_ADDRESS, ZERO_HASH } from "../../protocol/primitives.ts";
import type { ChainEvent } from "../domain/chain-events.ts";

/** A translation of one event, less where it stands. */
type Said<E = ChainEvent> = E extends ChainEvent ? Omit<E, "blockNumber" | "logIndex" | "transactionHash"> : never;

const TRANSLATIONS = {
  DealOpened: ({ dealId, deal }: GridEventOf<"DealOpened">) => ({ kind: "deal-opened", dealId, deal }),
  OrdersMatched: ({ appOrder, datasetOrder, poolOrder }: GridEventOf<"OrdersMatched">) => ({
    kind: "matched",
    orders: [appOrder, datasetOrder, poolOrder].filter((hash) => hash !== ZERO_HASH),
  }),
  OrderCancelled: ({ signer, orderHash }: GridEventOf<"OrderCancelled">) => ({ kind: "cancelled", signer, orderHash }),
  CounterRaised: ({ signer }: GridEventOf<"CounterRaised">) => ({ kind: "counter", signer }),
  AllowanceSet: ({ payer, requester }: GridEventOf<"AllowanceSet">) => ({ kind: "allowance", payer, requester }),
  TaskSettled: ({ dealId, index, digest }: GridEventOf<"TaskSettled">) => ({
    kind: "task-settled",
    dealId,
    index,
    digest,
  }),
  DealDeclined: ({ dealId }: GridEventOf<"DealDeclined">) => ({ kind: "deal-ended", dealId, status: "declined" }),
  DealClaimed: ({ dealId }: GridEventOf<"DealClaimed">) => ({ kind: "deal-ended", dealId, status: "claimed" }),
  Deposited: ({ account }: GridEventOf<"Deposited">) => ({ kind: "balance", account }),
  Withdrawn: ({ account }: GridEventOf<"Withdrawn">) => ({ kind: "balance", account }),
  Locked: ({ account }: GridEventOf<"Locked">) => ({ kind: "balance", account }),
  Posted: ({ account }: GridEventOf<"Posted">) => ({ kind: "balance", account }),
  PoolOperatorChanged: ({ id }: GridEventOf<"PoolOperatorChanged">) => ({ kind: "asset", asset: "pool", id }),
  PoolEndpointChanged: ({ id }: GridEventOf<"PoolEndpointChanged">) => ({ kind: "asset", asset: "pool", id }),
  /** Also says that an asset was registered: it then comes from nobody. */
  AssetTransferred: ({ asset, id, from }: GridEventOf<"AssetTransferred">) => ({
    kind: "asset",
    asset,
    id,
    ...(from === ZERO_ADDRESS ? {} : { from }),
  }),
} as const satisfies { readonly [K in GridEventKind]?: (event: GridEventOf<K>) => Said };

/** The events that the market has to hear of. */
export const MARKET_EVENT_KINDS = Object.keys(TRANSLATIONS) as (keyof typeof TRANSLATIONS)[];

/** In the market's words; undefined for an event that it does not follow. */
export function marketEventOf(event: GridEvent): ChainEvent | undefined {
  const translate = TRANSLATIONS[event.kind as keyof typeof TRANSLATIONS] as ((event: GridEvent) => Said) | undefined;
  if (!translate) return undefined;
  const { blockNumber, logIndex, transactionHash } = event;
  return { ...translate(event), blockNumber, logIndex, transactionHash };
}
