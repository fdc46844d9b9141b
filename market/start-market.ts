import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

import type { Logger } from "pino";

import { createEventSource } from "../chain/event-source.ts";
import { createChainReader } from "../chain/reader.ts";
import { readDeployment } from "../chain/node/deployment-file.ts";
import { postOverHttp } from "../chain/node/http-post.ts";
import { listening } from "../chain/node/listening.ts";
import { connectChain } from "../chain/rpc.ts";

import type { Deployment } from "../protocol/deployment.ts";
import { codeOf } from "../protocol/errors.ts";

import { followChain } from "./chain/follow-chain.ts";
import type { Progress } from "./chain/follow-chain.ts";
import { MARKET_EVENT_KINDS } from "./chain/market-events.ts";
import type { MarketConfig } from "./config.ts";
import { createMetrics } from "./http/metrics.ts";
import { createServer } from "./http/server.ts";
import type { MarketServer } from "./http/server.ts";
import { createServices } from "./services.ts";
import type { MarketPorts, Services } from "./services.ts";
import { openDatabase } from "./store/database.ts";

/** A running market. */
export interface Market extends AsyncDisposable {
  /** Where it listens. */
  readonly url: string;
  /** Answers a request without a network: for tests. */
  readonly inject: MarketServer["inject"];
  /** Finishes what it is at, then closes everything. */
  stop(): Promise<void>;
}

const POLL_MS = 500;
const SWEEP_MS = 1_000;
/** Params that nothing names are kept for a week. */
const PARAMS_KEPT_SECONDS = 7 * 86_400;
/** How far behind the newest confirmed block a market may be and still call itself ready. */
const MAX_BLOCKS_BEHIND = 20;

/** Starts a market: its database, its following of the chain, its server. */
export async function startMarket(
  config: MarketConfig,
  logger: Logger,
  ports: Partial<MarketPorts> = {},
): Promise<Market> {
  await using opened = new AsyncDisposableStack();
  const deployment = await readDeployment(config.deploymentFile);
  const onFailure = (node: string, error: unknown): void =>
    logger.warn({ node, code: codeOf(error), err: error }, "RPC node");
  const connected = await connectChain({
    rpcUrls: config.rpcUrls,
    chainId: deployment.chainId,
    onFailure,
    post: postOverHttp,
  });
  const provider = opened.adopt(connected, (it) => it.destroy());
  if (config.database.kind === "embedded" && config.database.folder)
    await mkdir(config.database.folder, { recursive: true });
  const db = opened.adopt(await openDatabase(config.database), (it) => it.destroy());
  const services = await createServices({ db, reader: createChainReader(provider, deployment), provider }, ports);

  const progress: Progress = { block: 0, head: 0 };
  const source = createEventSource({ provider, deployment, kinds: MARKET_EVENT_KINDS });
  opened.use(inBackground((signal) => follow({ config, deployment, services, source, progress, logger }, signal)));
  opened.use(inBackground((signal) => sweep(services, logger, signal)));

  const server = opened.adopt(await serve(config, services, progress, logger), (it) => it.close());
  const { host, port } = config;
  const url = await listening("The market", port, () => server.listen({ host, port }));
  const running = opened.move();
  const stop = (): Promise<void> => running.disposeAsync();
  return { url, inject: server.inject, stop, [Symbol.asyncDispose]: stop };
}

function serve(
  { rateLimit, proxies, confirmations }: MarketConfig,
  services: Services,
  progress: Progress,
  logger: Logger,
): Promise<MarketServer> {
  const metrics = createMetrics({
    block: () => progress.block,
    head: () => progress.head,
    quarantined: () => services.state.quarantined(),
  });
  const isCurrent = async (): Promise<boolean> => {
    const [head, followed] = await Promise.all([services.chain.head(), services.state.followed()]);
    return head - followed <= confirmations + MAX_BLOCKS_BEHIND;
  };
  return createServer({ services, metrics, logger, rateLimit, proxies, isCurrent });
}

type Following = {
  readonly config: MarketConfig;
  readonly deployment: Deployment;
  readonly services: Services;
  readonly source: ReturnType<typeof createEventSource>;
  readonly progress: Progress;
  readonly logger: Logger;
};

async function follow(following: Following, signal: AbortSignal): Promise<void> {
  const { config, deployment, services, source, progress, logger } = following;
  const { state, follower } = services;
  const me = randomUUID();
  const options = {
    source,
    follower,
    checkpoint: state.checkpoint,
    startBlock: deployment.block,
    confirmations: config.confirmations,
    pollMs: POLL_MS,
    lead: (seconds: number) => state.lead(me, seconds),
    quarantine: (event: unknown, error: unknown) => state.quarantine(event, error),
    onProgress: (now: Progress) => void Object.assign(progress, now),
    logger,
  };
  await followChain(options, signal);
  await state.resign(me);
}

/** What time alone changes: orders expire, forgotten params go. */
async function sweep({ clock, follower, params }: Services, logger: Logger, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await clock.refresh();
      await follower.sweep();
      await params.forget(clock.now() - PARAMS_KEPT_SECONDS);
    } catch (error) {
      logger.warn({ err: error }, "a sweep failed");
    }
    await sleep(SWEEP_MS, undefined, { signal }).catch(() => {});
  }
}

/** Runs until it is disposed of, which waits for its end. */
function inBackground(run: (signal: AbortSignal) => Promise<void>): AsyncDisposable {
  const ended = new AbortController();
  const done = run(ended.signal);
  return {
    async [Symbol.asyncDispose]() {
      ended.abort();
      await done;
    },
  };
}
