import { mkdir } from "node:fs/promises";

import type { Logger } from "pino";

import { loadWallet } from "../chain/node/wallet.ts";
import { packResources, NO_RESOURCES } from "../protocol/capabilities.ts";
import { machineScore } from "./benchmark/machine-score.ts";
import { linkChain } from "./chain/connect.ts";
import type { ChainLink } from "./chain/connect.ts";
import type { WorkerConfig } from "./config.ts";
import { createDockerExecutor } from "./executor/docker-executor.ts";
import type { Executor } from "./executor/executor.ts";
import { WrongPoolError } from "./errors.ts";
import { createPoolBlobs } from "./blobs/pool-blobs.ts";
import { createSessions } from "./gateway/session.ts";
import { createWebSocketGateway } from "./gateway/websocket-gateway.ts";
import { startStatusServer } from "./http/status-server.ts";
import { createWorkerMetrics } from "./http/worker-metrics.ts";
import { lockFolder } from "./journal/folder-lock.ts";
import { openSqliteJournal } from "./journal/sqlite-journal.ts";
import type { Share } from "./leasing/resource-ledger.ts";
import { lookAtMachine, machineName, machinePlatform } from "./machine.ts";
import { readOwner } from "./owner.ts";
import { ownerMark, placeIn } from "./place.ts";
import { repeat } from "./repeat.ts";
import { workerStatus } from "./status.ts";
import { equipWorker } from "./equip-worker.ts";
import type { Equipment } from "./equip-worker.ts";

/** What a worker is given instead of the real thing, by tests and by whoever embeds it. */
export type WorkerPorts = {
  /** @param owner marks what the executor makes; @param workDir is a folder of its own */
  readonly createExecutor: (config: WorkerConfig, owner: string, workDir: string, log: Logger) => Executor;
  readonly linkChain: typeof linkChain;
  /** What the worker says and hears by. */
  readonly createGateway: typeof createWebSocketGateway;
  /** This machine's score; `file` keeps it from start to start. */
  readonly measure: (file: string) => Promise<{ readonly score: number }>;
  readonly openJournal: typeof openSqliteJournal;
  /** Milliseconds between two looks at the chain for ballots that wait to be opened. */
  readonly openingPollMs: number;
  /** Milliseconds between two looks for what no message told. */
  readonly reviewMs: number;
};

/** A worker that runs. */
export interface Worker {
  /** Lower case. */
  readonly address: string;
  /** Of the status page. */
  readonly url: string;
  /** Rejects when the worker cannot go on: the gateway is of another pool. Never resolves before {@link stop}. */
  readonly ended: Promise<void>;
  /** Takes no more leases, lets runs finish until `hurry` aborts, then ends everything. The journal stays. */
  stop(hurry: AbortSignal): Promise<void>;
}

/** Docker, and the chain of the configuration. */
export const REAL_PORTS: WorkerPorts = {
  createExecutor: (config, owner, workDir, log) =>
    createDockerExecutor({ owner, workDir, engine: config.engine, outputVolumes: config.outputVolumes, log }),
  linkChain,
  createGateway: createWebSocketGateway,
  measure: machineScore,
  openJournal: openSqliteJournal,
  openingPollMs: 1_000,
  reviewMs: 30_000,
};

/**
 * Starts a worker: journal first, then what a killed predecessor left is swept, then it connects.
 * @throws DataInUseError | JournalCorruptError | BadConfigError | BadKeyError | OwnerUnprovenError | BenchmarkError | what chain and engine throw
 */
export async function startWorker(
  config: WorkerConfig,
  log: Logger,
  given: Partial<WorkerPorts> = {},
): Promise<Worker> {
  const ports = { ...REAL_PORTS, ...given };
  await using started = new AsyncDisposableStack();
  started.use(await lockFolder(config.dataFolder));
  const link = await ports.linkChain(config, (node, error) => log.warn({ node, err: error }, "RPC node"));
  started.defer(link.close);
  const equipment = await equip(config, ports, link, log);
  started.defer(equipment.journal.close);
  started.use(equipment.voteSender);
  const { executor, address } = equipment;
  const swept = await executor.sweep();
  if (swept > 0) log.info({ swept }, "removed what an earlier process left");
  const status = await startStatusServer(config.statusPort, {
    ready: () => equipment.agent.pool() !== undefined,
    status: () => workerStatus(equipment),
    metrics: () => equipment.metrics.text(),
  });
  started.use(status);
  const running = run(equipment, ports, log);
  const parts = started.move();
  const stop = async (hurry: AbortSignal): Promise<void> => {
    await equipment.leases.drain(hurry);
    running.stop.abort();
    await running.ended.catch(() => {});
    await parts.disposeAsync();
  };
  return { address, url: status.url, ended: running.ended, stop: once(stop) };
}

async function equip(config: WorkerConfig, ports: WorkerPorts, link: ChainLink, log: Logger): Promise<Equipment> {
  const wallet = await loadWallet(config.key);
  const address = wallet.address.toLowerCase() as Equipment["address"];
  const place = placeIn(config.dataFolder);
  await mkdir(place.executor, { recursive: true, mode: 0o700 });
  const owner = await readOwner({ named: config.ownerFile, usual: place.owner }, address, link);
  const base = await gatewayOf(config, link);
  const share = await shareOf(config);
  const score = config.benchmark ?? (await ports.measure(place.benchmark)).score;
  log.info({ score }, "this machine's benchmark");
  const onError = (error: unknown): void => log.warn({ err: error }, "transaction of the worker");
  const signText = (text: string): Promise<string> => wallet.signMessage(text);
  const sessions = createSessions({ base, chainId: link.chainId, address: wallet.address, signText });
  return equipWorker({
    config,
    place,
    share,
    score,
    link,
    wallet,
    voteSender: link.voteSender(wallet, place.sent, onError),
    address,
    base,
    log,
    journal: await ports.openJournal(place.journal),
    executor: ports.createExecutor(config, ownerMark(address, config.dataFolder), place.executor, log),
    gateway: ports.createGateway({ base, sessions, log }),
    blobs: createPoolBlobs(base, (signal) => sessions.token(signal)),
    createMetrics: createWorkerMetrics,
    introduction: {
      agent: "gridmill/0.1.0",
      capabilities: packResources({
        ...NO_RESOURCES,
        cpuMillicores: share.cpuMillicores,
        memoryMiB: share.memoryMiB,
        diskMiB: share.diskMiB,
        benchmark: score,
        bandwidthMbits: config.bandwidthMbits,
      }),
      platform: machinePlatform(),
      slots: config.slots,
      machine: await machineName(),
      ...(owner === undefined ? {} : { owner }),
      ...(config.watts === undefined ? {} : { watts: config.watts }),
    },
  });
}

/** @throws WrongPoolError when the registry knows no address of that pool */
async function gatewayOf({ poolUrl, pool }: WorkerConfig, { chain }: ChainLink): Promise<URL> {
  const endpoint = poolUrl ?? (pool === undefined ? undefined : await chain.endpointOf(pool));
  if (!endpoint || !URL.canParse(endpoint)) {
    throw new WrongPoolError(`The registry knows no address of pool ${pool}`, {
      details: { pool, endpoint },
      hint: "Check the pool's id, or give its address as GRIDMILL_POOL_URL",
    });
  }
  return new URL(endpoint.endsWith("/") ? endpoint : `${endpoint}/`);
}

/** What the owner shares; where he did not say, all cores, three quarters of the memory, half of the free disk. */
async function shareOf(config: WorkerConfig): Promise<Share> {
  const machine = await lookAtMachine(config.dataFolder);
  return {
    slots: config.slots,
    cpuMillicores: config.cpuMillicores ?? machine.cpuMillicores,
    memoryMiB: config.memoryMiB ?? Math.floor(machine.memoryMiB * 0.75),
    diskMiB: config.diskMiB ?? Math.floor(machine.diskMiB / 2),
  };
}

function run(equipment: Equipment, ports: WorkerPorts, log: Logger) {
  const { gateway, agent, opener, kept, ballots, books, leases, engine, isOverdue } = equipment;
  const stop = new AbortController();
  const onError = (error: unknown): void => log.warn({ err: error }, "will be tried again");
  const review = async (): Promise<void> => {
    await ballots.review();
    await kept.review();
    await books.review();
    await leases.dropOverdue(isOverdue);
  };
  const loops = [
    repeat(ports.openingPollMs, () => opener.attempt(), onError, stop.signal),
    repeat(ports.reviewMs, review, onError, stop.signal),
    // That it went away was said once.
    repeat(
      ports.openingPollMs,
      () => engine.look(),
      () => {},
      stop.signal,
    ),
  ];
  const ended = gateway.run(agent, stop.signal).finally(async () => {
    stop.abort();
    equipment.uploads.abort();
    await Promise.all(loops);
  });
  // Whoever awaits it still sees the error; until then it must not count as unhandled.
  ended.catch(() => {});
  return { stop, ended };
}

/** Later calls wait for the first. */
function once(stop: (hurry: AbortSignal) => Promise<void>): Worker["stop"] {
  let stopped: Promise<void> | undefined;
  return (hurry) => (stopped ??= stop(hurry));
}
