import type { JsonRpcApiProvider } from "ethers";

import type { Deployment } from "../protocol/deployment.ts";
import type { Hash } from "../protocol/primitives.ts";
import type { GridEvent, GridEventKind } from "./events.ts";

/** The events of a range of blocks, and what shows on which branch of the chain they were read. */
export type EventPage = {
  /** Sorted by block, then by log index. */
  readonly events: readonly GridEvent[];
  /** Hash of the block before the range. */
  readonly parentHash: Hash;
  /** Hash of the last block of the range. */
  readonly lastHash: Hash;
};

/** The chain as the watcher sees it. */
export interface EventSource {
  /** Number of the newest block. */
  head(): Promise<number>;
  /** Undefined when there is no such block (yet). */
  blockHash(block: number): Promise<Hash | undefined>;
  /**
   * Both ends included, read from one branch.
   * @throws RangeRefusedError when the node wants a smaller range; ChainUnreachableError, also when the node that
   * answers has not got the blocks yet
   */
  read(fromBlock: number, toBlock: number): Promise<EventPage>;
}

export type EventSourceOptions = {
  readonly provider: JsonRpcApiProvider;
  readonly deployment: Deployment;
  /** Only these; default: all. */
  readonly kinds?: readonly GridEventKind[];
};

/** Reads the events of a deployment from a chain. */
export function createEventSource(options: EventSourceOptions): EventSource {
  throw new Error(`being written: ${options.deployment.chainId}`);
}
