import { id as hashOf } from "ethers";

import { ChainUnreachableError, RangeRefusedError } from "../../../chain/errors.ts";
import type { EventSource } from "../../../chain/event-source.ts";
import type { GridEvent } from "../../../chain/events.ts";
import type { Hash } from "../../../protocol/primitives.ts";

type FakeBlock = { readonly number: number; readonly hash: Hash; readonly names: readonly string[] };

/** A chain of blocks with named events, that forks, refuses and falls silent as told. */
export interface FakeSource extends EventSource {
  /** One block for each list of event names. */
  mine(...blocks: readonly (readonly string[])[]): void;
  /** Drops the newest `depth` blocks and mines these instead. */
  reorganise(depth: number, ...blocks: readonly (readonly string[])[]): void;
  /** Most blocks in one answer from now on. */
  limit(blocks: number): void;
  /** No answers while true. */
  silent(isSilent: boolean): void;
  /** Ranges that were asked for, as [from, to]. */
  readonly asked: readonly (readonly [number, number])[];
  hashAt(block: number): Hash;
}

/** Starts with an empty block 0. */
export function createFakeSource(): FakeSource {
  const asked: [number, number][] = [];
  let chain: readonly FakeBlock[] = [];
  let branch = 0;
  let most = Infinity;
  let isSilent = false;

  function mine(...blocks: readonly (readonly string[])[]): void {
    const first = chain.length;
    const added = blocks.map((names, index) => ({
      number: first + index,
      hash: hashOf(`block ${first + index} of branch ${branch}`) as Hash,
      names,
    }));
    chain = [...chain, ...added];
  }

  function answer(): void {
    if (isSilent) throw new ChainUnreachableError("silent");
  }

  mine([]);
  return {
    asked,
    mine,
    reorganise: (depth, ...blocks) => {
      branch++;
      chain = chain.slice(0, -depth);
      mine(...blocks);
    },
    limit: (blocks) => {
      most = blocks;
    },
    silent: (silent) => {
      isSilent = silent;
    },
    hashAt: (block) => chain[block]!.hash,
    head: async () => {
      answer();
      return chain.length - 1;
    },
    blockHash: async (block) => {
      answer();
      return chain[block]?.hash;
    },
    read: async (from, to) => {
      answer();
      asked.push([from, to]);
      if (to - from + 1 > most) throw new RangeRefusedError("too many blocks");
      if (!chain[to]) throw new ChainUnreachableError("no such block");
      const events = chain.slice(from, to + 1).flatMap(eventsOf);
      return { events, parentHash: (chain[from - 1] ?? chain[0]!).hash, lastHash: chain[to].hash };
    },
  };
}

/** The name that `mine` gave to an event. */
export function nameOf(event: GridEvent): string {
  if (event.kind !== "PoolEndpointChanged") throw new Error(`not one of ours: ${event.kind}`);
  return event.endpoint;
}

/** Any kind would do; this one carries free text. */
function eventsOf({ number, hash, names }: FakeBlock): readonly GridEvent[] {
  return names.map((name, logIndex) => ({
    kind: "PoolEndpointChanged",
    id: 1n,
    endpoint: name,
    blockNumber: number,
    blockHash: hash,
    transactionHash: hash,
    logIndex,
  }));
}
