import { setTimeout as sleep } from "node:timers/promises";

import type { Logger } from "pino";

import type { CheckpointStore } from "../../chain/checkpoint.ts";
import { watchEvents } from "../../chain/event-watcher.ts";
import type { EventSource } from "../../chain/event-source.ts";
import type { Follower } from "../domain/follow.ts";
import { marketEventOf } from "./market-events.ts";

/** How far this process has followed the chain; both 0 until it led once. */
export type Progress = { block: number; head: number };

type FollowChainOptions = {
  readonly source: EventSource;
  readonly follower: Follower;
  readonly checkpoint: CheckpointStore;
  readonly startBlock: number;
  readonly confirmations: number;
  readonly pollMs: number;
  /** Takes or keeps the lead over the market's other processes for so many seconds. */
  readonly lead: (seconds: number) => Promise<boolean>;
  readonly quarantine: (event: unknown, error: unknown) => Promise<void>;
  readonly onProgress: (progress: Progress) => void;
  readonly logger: Logger;
};

const LEAD_SECONDS = 15;
const RENEW_MS = 5_000;

/** Follows the chain for as long as this process leads; stands by otherwise. Returns when `signal` aborts. */
export async function followChain(options: FollowChainOptions, signal: AbortSignal): Promise<void> {
  const { logger } = options;
  while (!signal.aborted) {
    try {
      if (await options.lead(LEAD_SECONDS)) await followWhileLeading(options, signal);
    } catch (error) {
      logger.error({ err: error }, "following the chain failed; trying again");
    }
    await pause(1_000, signal);
  }
}

async function followWhileLeading(options: FollowChainOptions, signal: AbortSignal): Promise<void> {
  const lost = new AbortController();
  const leading = AbortSignal.any([signal, lost.signal]);
  await Promise.all([watch(options, leading).finally(() => lost.abort()), keepLead(options, lost, leading)]);
}

async function keepLead(
  { lead, logger }: FollowChainOptions,
  lost: AbortController,
  leading: AbortSignal,
): Promise<void> {
  while (!leading.aborted) {
    await pause(RENEW_MS, leading);
    if (leading.aborted) return;
    const kept = await lead(LEAD_SECONDS).catch((error: unknown) => {
      logger.warn({ err: error }, "could not renew the lead");
      return false;
    });
    if (!kept) lost.abort();
  }
}

function watch(options: FollowChainOptions, signal: AbortSignal): Promise<void> {
  const { follower, checkpoint, quarantine, logger, onProgress, pollMs, confirmations, startBlock, source } = options;
  return watchEvents(
    {
      source,
      checkpoint,
      startBlock,
      confirmations,
      pollMs,
      onEvent: async (event) => {
        const said = marketEventOf(event);
        if (said) await follower.apply(said);
      },
      onRewind: async (toBlock) => {
        logger.warn({ toBlock }, "the chain was reorganised");
        await follower.rewind(toBlock);
      },
      onPoison: async (event, error) => {
        logger.error({ err: error, event: event.kind, block: event.blockNumber }, "an event went to quarantine");
        await quarantine(event, error);
      },
      onError: (error) => logger.warn({ err: error }, "a round of following failed"),
      onProgress: (block, head) => onProgress({ block, head }),
    },
    signal,
  );
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => {});
}
