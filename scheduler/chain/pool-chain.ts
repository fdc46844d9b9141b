import { coverOf } from "../../chain/reader.ts";
import type { ChainReader } from "../../chain/reader.ts";
import { rememberingFor } from "../../chain/remembering-for.ts";
import type { Address } from "../../protocol/primitives.ts";
import type { PoolChain } from "../ports.ts";

/** A worker's standing, and that an account has funds, is read again after this long, in milliseconds. */
const STANDING_MS = 30_000;
/** How often the latest block is looked at, in milliseconds. */
const HEAD_MS = 500;

/** The pool's chain with a clock that follows it. `look` moves it now, since a new block is known; `stop` ends the following. */
export type FollowedChain = PoolChain & { readonly look: () => void; readonly stop: () => void };

/**
 * Reads the chain for the pool, and follows its time.
 * @throws ChainUnreachableError when no node answers at the start
 */
export async function readPoolChain(
  reader: ChainReader,
  pool: bigint,
  onError: (error: unknown) => void,
): Promise<FollowedChain> {
  let now = await reader.now();
  const look = (): void => void reader.now().then((latest) => (now = Math.max(now, latest)), onError);
  const timer = setInterval(look, HEAD_MS);
  const standing = rememberingFor(STANDING_MS, async (worker: Address) => {
    const state = await reader.workerOf(worker);
    return { score: state.score, cover: coverOf(state, now) };
  });
  const hasFunds = async (account: Address): Promise<boolean> => {
    const { available, locked } = await reader.accountOf(account);
    return available + locked > 0n;
  };
  return {
    now: () => now,
    standing,
    scoreNow: async (worker) => (await reader.workerOf(worker)).score,
    dealIsOpen: async (dealId) => (await reader.dealState(dealId)).open,
    dealExists: async (dealId) => {
      const { open, closed } = await reader.dealState(dealId);
      return open || closed > 0;
    },
    isClosed: (dealId, index) => reader.isClosed(dealId, index),
    countClosed: async (dealId) => (await reader.dealState(dealId)).closed,
    keptVotesOf: (taskId) => reader.keptVotesOf(taskId),
    lastEpoch: (lane) => reader.epochOf(pool, lane),
    // Who has none may have deposited since; who had some is a customer for a moment longer.
    hasFunds: rememberingFor(STANDING_MS, hasFunds, (has) => has),
    imageOf: async (app) => {
      const found = await reader.appOf(app);
      return found && `${found.reference}@sha256:${found.digest.slice(2)}`;
    },
    datasetOf: async (dataset) => {
      const found = await reader.datasetOf(dataset);
      return found && { reference: found.reference, sha256: found.digest.slice(2), encrypted: found.encrypted };
    },
    look,
    stop: () => clearInterval(timer),
  };
}
