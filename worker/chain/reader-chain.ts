import type { BlockRef, ChainReader, WorkerState } from "../../chain/reader.ts";
import { rememberingFor } from "../../chain/remembering-for.ts";
import { taskIdOf } from "../../protocol/deal.ts";
import { inBatches } from "../../protocol/in-batches.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import { ChainMovedError } from "../errors.ts";
import { createKeptLists } from "./kept-lists.ts";
import type { KeptListSource } from "./kept-lists.ts";
import type { KeptTask, LaneState, LaneView, TaskPlace, TaskState, WorkerChain } from "./worker-chain.ts";

/** How often a reading is repeated that a reorganisation has crossed. */
const TRIES = 3;

/**
 * @param confirmations blocks below the head that count as not yet final
 */
export function createReaderChain(
  reader: ChainReader,
  events: Pick<KeptListSource, "read">,
  confirmations: number,
): WorkerChain {
  const timeOf: KeptListSource["timeOf"] = async (number) => (await reader.block(number))?.timestamp;
  // Leases, and news of what was settled, come many at a time: one look at the chain serves them all.
  const laneOf = inBatches((lanes: readonly LanePlace[]) => lanesAt(reader, confirmations, lanes));
  const taskOf = inBatches((places: readonly TaskPlace[]) => steady(reader, confirmations, tasksIn(places)));
  const keptOf = inBatches((places: readonly TaskPlace[]) => steady(reader, confirmations, keptIn(places)));
  const bondOf = inBatches((workers: readonly Address[]) => bondsOf(reader, workers));
  const keptList = createKeptLists({ read: events.read, timeOf }, reader.deployment.block);
  return {
    laneOf: (pool, lane) => laneOf({ pool, lane }),
    taskOf: (dealId, index) => taskOf({ dealId, index }),
    keptOf: (dealId, index) => keptOf({ dealId, index }),
    keptVotes: async (place, kept) => keptList(place, kept, (await reader.head()).number),
    isOpened: (seal) => reader.isOpened(seal),
    bondOf,
    fundsOf: (worker) => reader.accountOf(worker),
    endpointOf: async (pool) => (await reader.poolOf(pool))?.endpoint,
    // What a registry has once never changes.
    imageDigestOf: rememberingFor(Infinity, async (app: bigint) => (await reader.appOf(app))?.digest, isThere),
    datasetDigestOf: rememberingFor(Infinity, async (id: bigint) => (await reader.datasetOf(id))?.digest, isThere),
  };
}

const isThere = (digest: Hash | undefined): boolean => digest !== undefined;

type LanePlace = { readonly pool: bigint; readonly lane: number };

/** What is asked about one block. */
type Reading<T> = (then: ChainReader, block: BlockRef) => Promise<T>;

async function lanesAt(
  reader: ChainReader,
  confirmations: number,
  lanes: readonly LanePlace[],
): Promise<readonly LaneView[]> {
  const confirmed = await steady(reader, confirmations, lanesIn(lanes));
  const head = confirmations === 0 ? confirmed : await steady(reader, 0, lanesIn(lanes));
  return lanes.map((_lane, place) => ({ confirmed: confirmed[place]!, head: head[place]! }));
}

function lanesIn(lanes: readonly LanePlace[]): Reading<readonly LaneState[]> {
  return (then, { timestamp: now }) =>
    Promise.all(lanes.map(async ({ pool, lane }) => ({ ...(await then.epochOf(pool, lane)), now })));
}

function tasksIn(places: readonly TaskPlace[]): Reading<readonly TaskState[]> {
  return (then, { timestamp: now }) => {
    const deals = rememberingFor(Infinity, (dealId: Hash) => then.dealState(dealId));
    return Promise.all(
      places.map(async ({ dealId, index }) => {
        const [deal, taskClosed] = await Promise.all([deals(dealId), then.isClosed(dealId, index)]);
        return { now, dealOpen: deal.open, taskClosed };
      }),
    );
  };
}

function keptIn(places: readonly TaskPlace[]): Reading<readonly KeptTask[]> {
  return (then) =>
    Promise.all(
      places.map(async ({ dealId, index }) => {
        const asked = [then.isClosed(dealId, index), then.keptVotesOf(taskIdOf(dealId, index))] as const;
        const [taskClosed, kept] = await Promise.all(asked);
        return { taskClosed, kept };
      }),
    );
}

function bondsOf(reader: ChainReader, workers: readonly Address[]): Promise<readonly WorkerState[]> {
  return Promise.all(workers.map(rememberingFor(Infinity, (worker: Address) => reader.workerOf(worker))));
}

/**
 * Reads the block so many below the head, by its hash: what a branch answers that the chain has left meanwhile does not count, and
 * the block of the new branch is read.
 * @throws ChainMovedError
 */
async function steady<T>(reader: ChainReader, depth: number, read: Reading<T>): Promise<T> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const block = await blockBelowHead(reader, depth);
    if (!block) continue;
    try {
      return await read(reader.at(block.hash), block);
    } catch (error) {
      if ((await reader.block(block.number))?.hash === block.hash) throw error;
    }
  }
  throw new ChainMovedError(`The chain changed while it was read, ${TRIES} times in a row`, { details: { depth } });
}

async function blockBelowHead(reader: ChainReader, depth: number): Promise<BlockRef | undefined> {
  const head = await reader.head();
  return depth === 0 ? head : reader.block(Math.max(head.number - depth, 0));
}
