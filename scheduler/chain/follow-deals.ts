import { createEventSource } from "../../chain/event-source.ts";
import { watchEvents } from "../../chain/event-watcher.ts";
import type { ChainProvider } from "../../chain/rpc.ts";
import type { CheckpointStore } from "../../chain/checkpoint.ts";
import type { GridEvent } from "../../chain/events.ts";
import type { Deployment } from "../../protocol/deployment.ts";

/** How often the chain is asked for new events, in milliseconds. */
const WATCH_POLL_MS = 250;

type FollowOptions = {
  readonly provider: ChainProvider;
  readonly deployment: Deployment;
  readonly checkpoint: CheckpointStore;
  readonly confirmations: number;
  /** Must be idempotent: events come again after a crash. */
  readonly onEvent: (event: GridEvent) => Promise<void>;
  /** Blocks above this one were replaced although they were confirmed. Must be idempotent. */
  readonly onRewind: (block: number) => Promise<void>;
  /** Gets an event that can never be handled; the ones after it go on. */
  readonly onPoison: (event: GridEvent, error: unknown) => Promise<void>;
  readonly onError: (error: unknown) => void;
  readonly onProgress: (block: number, head: number) => void;
};

/** Follows what happens to deals, from the last block that was handled. The off-switch waits for the event in hand. */
export function followDeals({ provider, deployment, ...options }: FollowOptions): () => Promise<void> {
  const stopping = new AbortController();
  const kinds = [
    ...(["DealOpened", "DealDeclined", "DealClaimed"] as const),
    ...(["TaskSettled", "TaskKept", "VoteWithheld", "VoteOpened"] as const),
  ];
  const watching = watchEvents(
    {
      ...options,
      source: createEventSource({ provider, deployment, kinds }),
      startBlock: deployment.block,
      pollMs: WATCH_POLL_MS,
    },
    stopping.signal,
  );
  return async () => {
    stopping.abort();
    await watching;
  };
}
