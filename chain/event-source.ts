import { toQuantity } from "ethers";
import { z } from "zod";

import type { Deployment } from "../protocol/deployment.ts";
import type { Hash } from "../protocol/primitives.ts";
import { ChainRefusedError, ChainUnreachableError, RangeRefusedError } from "./errors.ts";
import { createEventDecoder } from "./events.ts";
import type { GridEvent, GridEventKind } from "./events.ts";
import { headersFor, isTorn, refuseGaps } from "./log-proof.ts";
import type { ChainProvider } from "./rpc.ts";
import { RpcBlockSchema, RpcLogSchema, RpcNumberSchema } from "./rpc-schemas.ts";

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
   * answers has not got the blocks yet; NodeLiesError when it keeps events back
   */
  read(fromBlock: number, toBlock: number): Promise<EventPage>;
}

type EventSourceOptions = {
  readonly provider: ChainProvider;
  readonly deployment: Deployment;
  /** Only these; default: all. */
  readonly kinds?: readonly GridEventKind[];
};

const LogsSchema = z.array(RpcLogSchema);

/** Reads the events of a deployment from a chain. */
export function createEventSource({ provider, deployment, kinds }: EventSourceOptions): EventSource {
  const decoder = createEventDecoder(deployment);
  const filter = decoder.filter(kinds);

  async function block(number: number): Promise<z.output<typeof RpcBlockSchema>> {
    return parsed(RpcBlockSchema, await provider.send("eth_getBlockByNumber", [toQuantity(number), false]));
  }

  async function logs(fromBlock: number, toBlock: number): Promise<z.output<typeof LogsSchema>> {
    const range = { fromBlock: toQuantity(fromBlock), toBlock: toQuantity(toBlock) };
    try {
      return parsed(LogsSchema, await provider.send("eth_getLogs", [{ ...filter, ...range }]));
    } catch (error) {
      if (error instanceof ChainUnreachableError) throw error;
      // Nodes have many codes and texts for it. What was not the range's fault shows when a single block is refused too.
      throw new RangeRefusedError(`The node refused to list the events of blocks ${fromBlock} to ${toBlock}`, {
        cause: error,
        details: { fromBlock, toBlock },
      });
    }
  }

  async function read(fromBlock: number, toBlock: number): Promise<EventPage> {
    // One batch, so that one node answers all from what it holds to be the chain.
    const [found, ...blocks] = await Promise.all([
      logs(fromBlock, toBlock),
      ...headersFor(fromBlock, toBlock).map((number) => block(number)),
    ]);
    const headers = blocks.filter((header) => header !== null);
    if (headers.length < blocks.length) throw notYet(fromBlock, toBlock);
    const [first, last] = [headers[0]!, headers.at(-1)!];
    if (isTorn(headers, found)) throw notYet(fromBlock, toBlock);
    await refuseGaps(headers, found, { provider, decoder, filter });
    const events = found.map((log) => decoder.decode(log)).filter((event) => event !== undefined);
    return { events: events.sort(byPlace), parentHash: first.parentHash, lastHash: last.hash };
  }

  return {
    read,
    head: async () => parsed(RpcNumberSchema, await provider.send("eth_blockNumber", [])),
    blockHash: async (number) => (await block(number))?.hash,
  };
}

function byPlace(a: GridEvent, b: GridEvent): number {
  return a.blockNumber - b.blockNumber || a.logIndex - b.logIndex;
}

function notYet(fromBlock: number, toBlock: number): ChainUnreachableError {
  return new ChainUnreachableError(`The node has not (or no longer) got blocks ${fromBlock} to ${toBlock}`, {
    details: { fromBlock, toBlock },
  });
}

function parsed<T>(schema: z.ZodType<T>, answer: unknown): T {
  const result = schema.safeParse(answer);
  if (result.success) return result.data;
  throw new ChainRefusedError("The node answered in a shape that no Ethereum node has", { cause: result.error });
}
