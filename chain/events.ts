import type { z } from "zod";

import type { Deployment } from "../protocol/deployment.ts";
import type { Address, Hash } from "../protocol/primitives.ts";
import type { EVENT_SCHEMAS } from "./event-schemas.ts";
import type { RawLog } from "./sender-journal.ts";

/** Where an event stands in the chain; (block hash, log index) names it. */
export type EventAt = {
  readonly blockNumber: number;
  readonly blockHash: Hash;
  readonly transactionHash: Hash;
  readonly logIndex: number;
};

export type GridEventKind = keyof typeof EVENT_SCHEMAS;

/** What the chain can say, one variant per event of the contracts. `kind` tells them apart. */
export type GridEvent = {
  [K in GridEventKind]: EventAt & { readonly kind: K } & Readonly<z.output<(typeof EVENT_SCHEMAS)[K]>>;
}[GridEventKind];

export type GridEventOf<K extends GridEventKind> = Extract<GridEvent, { kind: K }>;

/** Addresses and topics by which a node finds the events of these kinds. */
export type LogFilter = { readonly address: readonly Address[]; readonly topics: readonly [readonly Hash[]] };

/** Reads the logs of one deployment. */
export interface EventDecoder {
  /** Undefined when the log is none of our events, or not from our contracts. */
  decode(log: RawLog): GridEvent | undefined;
  filter(kinds?: readonly GridEventKind[]): LogFilter;
}

export function createEventDecoder(deployment: Deployment): EventDecoder {
  throw new Error(`being written: ${deployment.chainId}`);
}

/** The first event of a kind in the logs of a receipt. */
export function findEvent<K extends GridEventKind>(
  decoder: EventDecoder,
  logs: readonly RawLog[],
  kind: K,
): GridEventOf<K> | undefined {
  const events = logs.map((log) => decoder.decode(log));
  return events.find((event): event is GridEventOf<K> => event?.kind === kind);
}
