import type { EventFragment } from "ethers";
import type { z } from "zod";

import type { Deployment } from "../protocol/deployment.ts";
import type { Address, Hash } from "../protocol/primitives.ts";
import { NotDeployedError } from "./errors.ts";
import { EVENT_SCHEMAS } from "./event-schemas.ts";
import { INTERFACES, REGISTRY_OF } from "./interfaces.ts";
import type { ContractName } from "./interfaces.ts";
import { plainArgs } from "./plain.ts";
import type { RawLog } from "./intent.ts";

/** Where an event stands in the chain; (block hash, log index) names it. */
type EventAt = {
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
type LogFilter = { readonly address: readonly Address[]; readonly topics: readonly [readonly Hash[]] };

/** Reads the logs of one deployment. */
export interface EventDecoder {
  /** Undefined when the log is none of our events, or not from our contracts. */
  decode(log: RawLog): GridEvent | undefined;
  filter(kinds?: readonly GridEventKind[]): LogFilter;
}

export function createEventDecoder(deployment: Deployment): EventDecoder {
  const known = eventsOf(deployment);
  const byPlace = new Map(known.map((event) => [`${event.address}:${event.fragment.topicHash}`, event]));

  function decode(log: RawLog): GridEvent | undefined {
    const event = byPlace.get(`${log.address}:${log.topics[0]}`);
    if (!event) return undefined;
    const { blockNumber, blockHash, transactionHash, logIndex } = log;
    return { ...parse(event, log), kind: event.kind, blockNumber, blockHash, transactionHash, logIndex } as GridEvent;
  }

  function filter(kinds?: readonly GridEventKind[]): LogFilter {
    const wanted = known.filter(({ kind }) => !kinds || kinds.includes(kind));
    return {
      address: [...new Set(wanted.map(({ address }) => address))],
      topics: [[...new Set(wanted.map(({ fragment }) => fragment.topicHash as Hash))]],
    };
  }

  return { decode, filter };
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

type KnownEvent = {
  readonly kind: GridEventKind;
  readonly contract: ContractName;
  readonly address: Address;
  readonly fragment: EventFragment;
  /** What the event's place tells beside its arguments. */
  readonly more: object;
};

/** The contracts with events that rooms follow; the token's own are none of them. */
const SOURCES = ["marketplace", "hub", "escrow", ...Object.values(REGISTRY_OF)] as const;

function eventsOf({ contracts }: Deployment): readonly KnownEvent[] {
  const named = SOURCES.flatMap((contract) =>
    INTERFACES[contract].fragments
      .filter((fragment): fragment is EventFragment => fragment.type === "event")
      .filter((fragment) => fragment.name in EVENT_SCHEMAS)
      .map((fragment) => ({ kind: fragment.name as GridEventKind, contract, fragment, more: {} })),
  );
  const transfers = Object.entries(REGISTRY_OF).map(([asset, contract]) => {
    const fragment = INTERFACES[contract].getEvent("Transfer")!;
    return { kind: "AssetTransferred", contract, fragment, more: { asset } } as const;
  });
  return [...named, ...transfers].map((event) => ({ ...event, address: contracts[event.contract] }));
}

/** Our words for what Solidity has to call otherwise: `reference` is reserved there, `tokenId` is ERC-721's. */
const OUR_NAMES: Readonly<Record<string, string>> = { image: "reference", location: "reference", tokenId: "id" };

function renamed(args: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(args).map(([name, value]) => [OUR_NAMES[name] ?? name, value]));
}

function parse({ kind, contract, fragment, more }: KnownEvent, { topics, data }: RawLog): object {
  const args = plainArgs(fragment.inputs, INTERFACES[contract].decodeEventLog(fragment, data, topics));
  const parsed = EVENT_SCHEMAS[kind].safeParse({ ...renamed(args), ...more });
  if (parsed.success) return parsed.data;
  throw new NotDeployedError(`A contract wrote a ${kind} that is not Gridmill's`, {
    cause: parsed.error,
    details: { kind, contract },
    hint: "Check that the deployment belongs to this version of Gridmill",
  });
}
