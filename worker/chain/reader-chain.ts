import type { ChainReader, WorkerState } from "../../chain/reader.ts";
import { taskIdOf } from "../../protocol/deal.ts";
import { inBatches } from "../../protocol/in-batches.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import { ChainMovedError } from "../errors.ts";
import { createKeptLists } from "./kept-lists.ts";
import type { KeptListSource } from "./kept-lists.ts";
import type { LaneState, TaskPlace, TaskState, WorkerChain } from "./worker-chain.ts";

/** How often a reading is repeated that a reorganisation has crossed. */
const TRIES = 3;

type Block = { readonly number: number; readonly hash: Hash; readonly timestamp: number };

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
  const taskOf = inBatches((places: readonly TaskPlace[]) => tasksAt(reader, confirmations, places));
  const bondOf = inBatches((workers: readonly Address[]) => bondsOf(reader, workers));
  const keptList = createKeptLists({ read: events.read, timeOf }, reader.deployment.block);
  return {
    laneOf: async (pool, lane) => {
      const head = (await reader.head()).number;
      const stateAt = async (block: Block): Promise<LaneState> => ({
        ...(await reader.at(block.number).epochOf(pool, lane)),
        now: block.timestamp,
      });
      const confirmed = await steady(reader, Math.max(head - confirmations, 0), stateAt);
      return { confirmed, head: confirmations === 0 ? confirmed : await steady(reader, head, stateAt) };
    },
    taskOf: (dealId, index) => taskOf({ dealId, index }),
    keptVotes: async (place, kept) => keptList(place, kept, (await reader.head()).number),
    isOpened: (seal) => reader.isOpened(seal),
    bondOf,
    fundsOf: (worker) => reader.accountOf(worker),
    endpointOf: async (pool) => (await reader.poolOf(pool))?.endpoint,
    imageDigestOf: remembered(async (app) => (await reader.appOf(app))?.digest),
    datasetDigestOf: remembered(async (dataset) => (await reader.datasetOf(dataset))?.digest),
  };
}

async function tasksAt(
  reader: ChainReader,
  confirmations: number,
  places: readonly TaskPlace[],
): Promise<readonly TaskState[]> {
  const head = (await reader.head()).number;
  return steady(reader, Math.max(head - confirmations, 0), async ({ number, timestamp: now }) => {
    const then = reader.at(number);
    const deals = readOnce((dealId: Hash) => then.dealState(dealId));
    return Promise.all(
      places.map(async ({ dealId, index }) => {
        const asked = [deals(dealId), then.isClosed(dealId, index), then.keptVotesOf(taskIdOf(dealId, index))] as const;
        const [deal, taskClosed, kept] = await Promise.all(asked);
        return { now, dealOpen: deal.open, taskClosed, kept };
      }),
    );
  });
}

function bondsOf(reader: ChainReader, workers: readonly Address[]): Promise<readonly WorkerState[]> {
  return Promise.all(workers.map(readOnce((worker) => reader.workerOf(worker))));
}

/** The same question is asked once. */
function readOnce<K, V>(read: (key: K) => Promise<V>): (key: K) => Promise<V> {
  const answers = new Map<K, Promise<V>>();
  return (key) => {
    const answer = answers.get(key) ?? read(key);
    answers.set(key, answer);
    return answer;
  };
}

/** A digest of a registry never changes once it is there. */
function remembered(read: (id: bigint) => Promise<Hash | undefined>): typeof read {
  const digests = new Map<bigint, Hash>();
  return async (id) => {
    const digest = digests.get(id) ?? (await read(id));
    if (digest) digests.set(id, digest);
    return digest;
  };
}

/**
 * Reads at one block and looks afterwards that the number still names the same block: else the answer is of a branch that
 * the chain has left.
 * @throws ChainMovedError
 */
async function steady<T>(reader: ChainReader, number: number, read: (block: Block) => Promise<T>): Promise<T> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const before = await reader.block(number);
    if (!before) continue;
    const answer = await read(before);
    if ((await reader.block(number))?.hash === before.hash) return answer;
  }
  throw new ChainMovedError(`Block ${number} changed while it was read`, { details: { number } });
}
