import { join } from "node:path";

import type { Logger } from "pino";

import { createCalls } from "../chain/calls.ts";
import { createEventDecoder } from "../chain/events.ts";
import { createChainReader } from "../chain/reader.ts";
import type { ChainReader } from "../chain/reader.ts";
import { readDeployment } from "../chain/node/deployment-file.ts";
import { postOverHttp } from "../chain/node/http-post.ts";
import { listening } from "../chain/node/listening.ts";
import { connectChain } from "../chain/rpc.ts";
import type { ChainProvider } from "../chain/rpc.ts";
import { createSenderChain } from "../chain/sender-chain.ts";
import type { SenderJournal } from "../chain/sender-journal.ts";
import type { TransactionSender } from "../chain/sender.ts";
import type { Deployment } from "../protocol/deployment.ts";
import { codeOf } from "../protocol/errors.ts";
import type { PoolContext } from "./actions/context.ts";
import { createCrowd } from "./actions/placing/crowd.ts";
import { followEvent } from "./actions/following/follow-chain.ts";
import { rewindChain } from "./actions/following/rewind-chain.ts";
import { createAppStore } from "./store/apps.ts";
import { createAwaitedUploads } from "./store/awaited-uploads.ts";
import { createBlobLedger } from "./store/blob-ledger.ts";
import { createFileBlobStore } from "./blobs/blob-store.ts";
import { createOperatorHold } from "./chain/operator-hold.ts";
import type { OperatorHold } from "./chain/operator-hold.ts";
import { createOperator } from "./chain/operator.ts";
import { createEventLookup } from "./chain/event-lookup.ts";
import { createHearing } from "./chain/hearing.ts";
import { followDeals } from "./chain/follow-deals.ts";
import { openSender } from "./chain/open-sender.ts";
import { readPoolChain } from "./chain/pool-chain.ts";
import type { FollowedChain } from "./chain/pool-chain.ts";
import type { SchedulerConfig } from "./config.ts";
import { createGateway } from "./http/gateway.ts";
import { createSessions } from "./http/sessions.ts";
import { createSocketBoard } from "./http/socket-board.ts";
import type { SocketBoard } from "./http/socket-board.ts";
import { createPoolMetrics } from "./metrics/pool-metrics.ts";
import type { PoolMetrics } from "./metrics/pool-metrics.ts";
import { createPurse, escrowChange } from "./metrics/pool-money.ts";
import type { Purse } from "./metrics/pool-money.ts";
import { readPool } from "./metrics/read-pool.ts";
import type { Operator, PoolClock } from "./ports.ts";
import { startProcessors, TAKE_OVER } from "./queue/processors.ts";
import type { TakeOver } from "./queue/processors.ts";
import { countJobs } from "./queue/queue-depths.ts";
import { closeQueues, createQueues, createWake, prepareQueues } from "./queue/queues.ts";
import type { PoolQueues } from "./queue/queues.ts";
import { createImageProbe } from "./sources/image-probe.ts";
import { createMarketParams } from "./sources/market-params.ts";
import { createCheckpointStore, createRedisJournal } from "./store/chain-journal.ts";
import { createDealStore } from "./store/tasks/deal-store.ts";
import { createDoubtStore } from "./store/doubts.ts";
import { createDrainStore } from "./store/drain-store.ts";
import { createEpochStore } from "./store/epoch-store.ts";
import { createMessenger, relayMessages } from "./store/workers/message-bus.ts";
import { followClock } from "./store/pool-clock.ts";
import { createQuarantine } from "./store/quarantine.ts";
import { createSessionStore } from "./store/workers/session-store.ts";
import { connectRedis, keysOf, poolTag } from "./store/redis.ts";
import type { Keys, RedisConnection } from "./store/redis.ts";
import { createTaskStore } from "./store/tasks/task-store.ts";
import { createWaitingTasks } from "./store/tasks/waiting-tasks.ts";
import { createWorkerStore } from "./store/workers/worker-store.ts";
import { openWatches } from "./traces/open-watches.ts";
import type { Watches } from "./traces/open-watches.ts";

type Scheduler = {
  /** Where its gateway listens. */
  readonly url: string;
  /** Takes no new work, lets running jobs finish, and closes everything; all state is in Redis. */
  stop(): Promise<void>;
};

/** What a scheduler writes to, and how soon it takes over from the dead; tests put their own around it. */
export type SchedulerPorts = {
  readonly createTasks: typeof createTaskStore;
  readonly createDeals: typeof createDealStore;
  readonly createEpochs: typeof createEpochStore;
  readonly createJournal: (redis: RedisConnection, keys: Keys) => SenderJournal;
  readonly createSenderChain: typeof createSenderChain;
  readonly takeOver: TakeOver;
};

const REAL_PORTS: SchedulerPorts = {
  createTasks: createTaskStore,
  createDeals: createDealStore,
  createEpochs: createEpochStore,
  createJournal: createRedisJournal,
  createSenderChain,
  takeOver: TAKE_OVER,
};

/** Starts a pool's scheduler; several on one Redis share the work. @throws GridmillError when something it needs is not there */
export async function startScheduler(
  config: SchedulerConfig,
  log: Logger,
  given: Partial<SchedulerPorts> = {},
): Promise<Scheduler> {
  await using resources = new AsyncDisposableStack();
  const ports = { ...REAL_PORTS, ...given };
  const parts = await openParts({ config, log, ports }, resources);
  const { redis, keys, sender, queues } = parts;
  const board = createSocketBoard();
  const pool = poolContext(parts, board);

  resources.defer(await relayMessages(redis, keys, board.deliver));
  const gateway = await openGateway(pool, parts, board);
  resources.defer(() => gateway.close());

  await prepareQueues(queues);
  void sender.resume().catch((error: unknown) => log.error({ err: error }, "open transactions"));
  const processors = startProcessors(pool, queues, { connection: redis, prefix: parts.tag, ...ports.takeOver });
  resources.defer(processors.stop);
  // Jobs that wait for a confirmation would hold up the end: the journal has what they sent, and they are run again.
  resources.defer(() => sender[Symbol.asyncDispose]());
  resources.defer(follow(pool, parts));
  resources.defer(processors.takeNoMore); // at a stop this comes first
  const { host, port } = config;
  const url = await listening("The pool's gateway", port, () => gateway.listen({ host, port }));

  const owned = resources.move();
  return { url, stop: () => owned.disposeAsync() };
}

/** What a scheduler is told. */
type Told = { readonly config: SchedulerConfig; readonly log: Logger; readonly ports: SchedulerPorts };

/** What everything else is built from. */
type Parts = Told & {
  readonly deployment: Deployment;
  readonly redis: RedisConnection;
  readonly keys: Keys;
  readonly tag: string;
  readonly provider: ChainProvider;
  readonly reader: ChainReader;
  readonly chain: FollowedChain;
  readonly clock: PoolClock;
  readonly sender: TransactionSender;
  readonly hold: OperatorHold;
  readonly queues: PoolQueues;
  readonly metrics: PoolMetrics;
  readonly purse: Purse;
  readonly watches: Watches;
};

/** Opens the connections, each of which `resources` closes again. */
async function openParts(told: Told, resources: AsyncDisposableStack): Promise<Parts> {
  const { config, log, ports } = told;
  const deployment = await readDeployment(config.deploymentFile);
  const keys = keysOf(BigInt(deployment.chainId), config.pool);
  const tag = poolTag(BigInt(deployment.chainId), config.pool);

  const metrics = createPoolMetrics(config.pool);
  const heard = (part: string) => (error: unknown) => {
    metrics.failed(part, error);
    log.warn({ code: codeOf(error), err: error }, part);
  };
  const watches = await openWatches({ ...config, metrics, onError: heard("traces") }, resources);
  const redis = await connectRedis(config.redisUrl, heard("Redis"));
  resources.defer(() => redis.disconnect());
  const clock = await followClock(redis, keys, heard("Redis"));
  resources.defer(() => clock.stop());
  const onFailure = (node: string, error: unknown): void => {
    metrics.failed("RPC node", error);
    log.warn({ node, code: codeOf(error), err: error }, "RPC node");
  };
  const provider = await connectChain({
    rpcUrls: config.rpcUrls,
    chainId: deployment.chainId,
    onFailure,
    post: postOverHttp,
  });
  resources.defer(() => provider.destroy());
  const reader = createChainReader(provider, deployment);
  const chain = await readPoolChain(reader, config.pool, heard("chain time"));
  resources.defer(() => chain.stop());
  const onError = heard("transaction sender");
  const journal = ports.createJournal(redis, keys);
  const senderChain = ports.createSenderChain(provider);
  const sender = await openSender({ config, chain: senderChain, reader, journal, clock, onError });
  resources.use(sender);
  const hold = createOperatorHold({
    chain: senderChain,
    operator: sender.address,
    maxFeePerGas: config.maxFeePerGas,
    onChange: (why) => (why ? heard("operator")(why) : log.info("the operator can pay again")),
  });
  const queues = createQueues(redis, tag, config.lanes);
  resources.defer(() => closeQueues(queues));
  const gasMoney = (): Promise<bigint> => provider.getBalance(sender.address);
  const purse = createPurse({ reader, pool: config.pool, gasMoney, onError: heard("balances") });
  await purse.read();
  return {
    ...{ ...told, deployment, redis, keys, tag, provider, reader },
    ...{ chain, clock, sender, hold, queues, metrics, purse, watches },
  };
}

function openGateway(
  pool: PoolContext,
  { config, redis, keys, clock, deployment, provider, reader, sender, queues, metrics, purse }: Parts,
  board: SocketBoard,
): ReturnType<typeof createGateway> {
  const jobs = () => countJobs(queues);
  const store = createSessionStore(redis, keys);
  metrics.readFrom(() => readPool(pool, { jobs, quarantined: pool.quarantine.count, money: purse.read }));
  return createGateway({
    pool,
    board,
    sessions: createSessions({ store, clock }, deployment.chainId, config.publicUrl && new URL(config.publicUrl).host),
    hearing: createHearing(provider, reader),
    facts: { deployment, operator: sender.address, owner: purse.owner, metrics },
    storeAnswers: () => redis.status === "ready",
  });
}

function follow(pool: PoolContext, { provider, deployment, redis, keys, metrics, chain }: Parts): () => Promise<void> {
  return followDeals({
    provider,
    deployment,
    checkpoint: createCheckpointStore(redis, keys),
    confirmations: pool.config.confirmations,
    onEvent: (event) => followEvent(pool, event),
    onRewind: async (block) => {
      const error = await rewindChain(pool, block);
      pool.failed("chain watcher", error);
      pool.log.error({ code: error.code, err: error, ...error.details }, "the chain was reorganised");
      await pool.quarantine.note(block, error);
    },
    onPoison: async (event, error) => {
      metrics.failed("quarantine", error);
      pool.log.error({ err: error, event: event.kind, transaction: event.transactionHash }, "event put aside");
      await pool.quarantine.put(event, error);
    },
    onError: (error) => {
      metrics.failed("chain watcher", error);
      pool.log.warn({ code: codeOf(error), err: error }, "chain watcher");
    },
    onProgress: (block, head) => {
      metrics.followed(block, head);
      chain.look();
    },
  });
}

function poolContext(parts: Parts, board: SocketBoard): PoolContext {
  const { config, log, redis, keys, provider, chain, clock, deployment, queues, metrics, watches, ports } = parts;
  const tasks = ports.createTasks(redis, keys, watches.taskChanged, clock.now);
  const workers = createWorkerStore(redis, keys);
  return {
    config,
    log,
    tasks,
    waiting: createWaitingTasks(redis, keys),
    deals: ports.createDeals(redis, keys, watches.dealChanged, clock.now),
    workers,
    crowd: createCrowd({ workers, tasks, chain, clock }),
    apps: createAppStore(redis, keys, clock.now),
    doubts: createDoubtStore(redis, keys),
    drain: createDrainStore(redis, keys),
    quarantine: createQuarantine(redis, keys),
    epochs: ports.createEpochs(redis, keys, watches.epochChanged, clock.now),
    uploads: createAwaitedUploads(redis, keys),
    blobs: createFileBlobStore(join(config.dataFolder, "blobs")),
    ledger: createBlobLedger(redis, keys),
    chain,
    clock,
    events: createEventLookup(provider, deployment),
    operator: operatorOf(parts),
    messenger: createMessenger(redis, keys, board.deliver),
    wake: createWake(queues),
    params: createMarketParams(config.marketUrl),
    images: createImageProbe(),
    random: Math.random,
    failed: metrics.failed,
  };
}

function operatorOf({ config, log, sender, hold, deployment, reader, metrics, purse }: Parts): Operator {
  const decoder = createEventDecoder(deployment);
  return createOperator({
    pool: config.pool,
    sender,
    hold,
    calls: createCalls(deployment),
    decoder,
    reader,
    onGas: (act, receipt) => {
      metrics.confirmed(act, receipt);
      metrics.earned(escrowChange(purse.owner(), receipt, decoder));
      log.info({ act, transaction: receipt.hash, gas: receipt.gasUsed.toString() }, "transaction confirmed");
    },
  });
}
