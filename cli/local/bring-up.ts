import { copyFile, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";

import { LOCAL_CHAIN_ID, startAnvil } from "../parts/anvil.ts";
import { ensureDockerEngine } from "../parts/docker-engine.ts";
import { startRedis } from "../parts/redis.ts";
import { startRegistry } from "../parts/registry.ts";
import type { Part } from "../parts/part.ts";
import { until } from "../parts/until.ts";
import type { Deployment } from "../../protocol/deployment.ts";
import { BadInputError } from "../../protocol/errors.ts";
import { createGatewayClient } from "../../sdk/gateway-client.ts";
import { machineScore } from "../../worker/benchmark/machine-score.ts";
import { placeIn } from "../../worker/place.ts";

import type { CliConfig } from "../config.ts";
import { homePaths, privateFolder, writePrivateJson } from "../home.ts";
import type { HomePaths } from "../home.ts";
import { LOCAL_NETWORK, saveNetwork } from "../networks.ts";
import type { CliNetwork } from "../networks.ts";

import { accountNames, ensureGenesis, ensureKeys } from "./genesis.ts";
import { choosePorts, readPlan, workersOf, writePlan } from "./local-plan.ts";
import type { LocalPlan, Service } from "./local-plan.ts";
import { readLocalState, recordRunning, requireDown, stopChildren } from "./local-state.ts";
import { offerPool, registerPool } from "./open-pool.ts";
import { localPaths } from "./paths.ts";
import type { LocalPaths } from "./paths.ts";
import { identify } from "../../chain/node/process-id.ts";
import { serviceNamed, startRecorded } from "./service.ts";
import { chainUrl, marketService, marketUrl, poolUrl, registryHost, workerService } from "./services.ts";
import type { Child } from "../parts/child.ts";

export type UpOptions = {
  readonly workers: number;
  /** Deletes what an earlier market has left. */
  readonly fresh: boolean;
  /** Takes free ports only; for markets that must not meet another. */
  readonly anyPorts?: boolean;
  /** A development chain that runs already, with unlocked accounts and LOCAL_CHAIN_ID; default: the market's own. */
  readonly chain?: string;
  /** One more worker, run by this program instead of the real one; for the demo's cheat. */
  readonly cheater?: string;
};

/** Who wants to know how it goes, and how to stop it. */
type UpListener = { readonly onStep: (what: string) => void; readonly signal: AbortSignal };

/** A market that runs on this machine. */
export type LocalMarket = {
  readonly paths: LocalPaths;
  readonly plan: LocalPlan;
  readonly network: CliNetwork;
  /** Processes of Gridmill itself, to hear when one ends. */
  readonly services: readonly Child[];
};

/**
 * Starts the whole market, or goes on with one that was stopped. When it fails in the middle, what was started is
 * stopped again.
 * @throws AlreadyUpError, and whatever a part says when it does not start
 */
export async function bringUp(config: CliConfig, options: UpOptions, listener: UpListener): Promise<LocalMarket> {
  const home = homePaths(config.home);
  const paths = localPaths(home.local);
  await privateFolder(home.root);
  await takeOver(paths, options.fresh);
  try {
    return await build({ config, home, paths, options, listener });
  } catch (error) {
    await takeDown(paths);
    throw error;
  }
}

/** Stops whatever the state file names and forgets it; the data stays. Returns the names of what was stopped. */
export async function takeDown(paths: LocalPaths): Promise<readonly string[]> {
  const state = await readLocalState(paths.state);
  if (!state) return [];
  const stopped: string[] = [];
  await stopChildren(state, (name) => stopped.push(name));
  await rm(paths.state, { force: true });
  return stopped;
}

/** Makes this process the one in charge, after an earlier one that is gone: what it has left running is stopped first. */
async function takeOver(paths: LocalPaths, fresh: boolean): Promise<void> {
  if (await requireDown(paths.state)) await takeDown(paths);
  if (fresh) await rm(paths.root, { recursive: true, force: true });
  await privateFolder(paths.root);
  const up = (await identify(process.pid))!;
  await writePrivateJson(paths.state, { up, children: [] });
}

type Build = {
  readonly config: CliConfig;
  readonly home: HomePaths;
  readonly paths: LocalPaths;
  readonly options: UpOptions;
  readonly listener: UpListener;
};

async function build({ config, home, paths, options, listener }: Build): Promise<LocalMarket> {
  const { onStep, signal } = listener;
  let plan = requireChain(await readPlan(paths.plan), options) ?? (await newPlan(paths, options));
  await writePlan(paths.plan, plan);
  onStep("chain, Redis, image registry and Docker");
  await together([startParts(config, paths, plan), measureFor(workersOf(plan), home.benchmark)]);
  signal.throwIfAborted();

  onStep("contracts and accounts");
  const deployment = await ensureGenesis(chainUrl(plan), paths, plan.accounts);
  const network = networkOf(paths, plan, deployment);
  await saveNetwork(home.networks, LOCAL_NETWORK, network);
  signal.throwIfAborted();

  onStep("market, pool, and the workers' bonds");
  const isNew = plan.pool === undefined;
  const [market, opened] = await together([
    startRecorded(serviceNamed(plan, "market"), config, paths.state),
    isNew ? registerPool(paths, plan, network) : Promise.resolve(plan),
  ]);
  signal.throwIfAborted();

  onStep("offers, scheduler and workers");
  plan = opened;
  const [services] = await together([
    startServices(config, paths, plan),
    isNew ? offerPool(paths, plan, network).then(() => writePlan(paths.plan, opened)) : undefined,
  ]);
  await workersConnected(plan, signal);
  return { paths, plan, network, services: [market, ...services] };
}

/** As Promise.all, but nothing goes on behind a failure: what is still starting could not be stopped with the rest. */
async function together<T extends readonly unknown[]>(
  work: readonly [...T],
): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(work);
  return await Promise.all(work);
}

/** The names of a market's workers. */
const workerNames = ({ workers, cheater }: UpOptions): readonly string[] => [
  ...Array.from({ length: workers }, (_unused, index) => `worker-${index + 1}`),
  ...(cheater === undefined ? [] : ["cheater"]),
];

/** A market stays on its chain. @throws BadInputError */
function requireChain(plan: LocalPlan | undefined, { chain }: UpOptions): LocalPlan | undefined {
  if (plan === undefined || chain === undefined || plan.chain === chain) return plan;
  throw new BadInputError(`The market of this home is on another chain: ${chainUrl(plan)}`, {
    hint: "Leave out --chain to go on with it, or start over with --fresh",
  });
}

async function newPlan(paths: LocalPaths, options: UpOptions): Promise<LocalPlan> {
  const names = workerNames(options);
  const ports = await choosePorts(names.length, options.anyPorts ?? false);
  const { chain } = options;
  const place = { paths, ports, chain };
  const services = [
    marketService(place),
    ...names.map((name, index) =>
      workerService(place, name, ports.workers[index]!, name === "cheater" ? options.cheater : undefined),
    ),
  ];
  const plan = { ports, services, accounts: await ensureKeys(paths, accountNames(names)) };
  return chain === undefined ? plan : { ...plan, chain };
}

async function startParts(config: CliConfig, paths: LocalPaths, plan: LocalPlan): Promise<void> {
  const { ports } = plan;
  const record = async (name: string, dataDir: string, start: Promise<Part>): Promise<void> => {
    const { pid, url } = await start;
    const id = pid === undefined ? undefined : await identify(pid);
    if (id) await recordRunning(paths.state, { ...id, name, url, dataDir, logFile: join(dataDir, `${name}.log`) });
  };
  const { chain, redis, registry, docker } = paths;
  await together([
    ...(plan.chain === undefined ? [record("anvil", chain, startAnvil({ port: ports.chain, dataDir: chain }))] : []),
    record("redis", redis, startRedis({ port: ports.redis, dataDir: redis })),
    record("registry", registry, startRegistry({ port: ports.registry, dataDir: registry })),
    ensureDockerEngine({ host: config.dockerHost, logDir: docker }),
  ]);
}

/** Measures this machine once for all of its workers: at their start they would measure each other. */
async function measureFor(workers: readonly Service[], kept: string): Promise<void> {
  await machineScore(kept);
  for (const { dataDir } of workers) {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await copyFile(kept, placeIn(dataDir).benchmark);
  }
}

/** The workers find their pool when it is there; nobody waits for it. */
async function startServices(config: CliConfig, paths: LocalPaths, plan: LocalPlan): Promise<readonly Child[]> {
  const services = [serviceNamed(plan, "pool"), ...workersOf(plan)];
  return await together(services.map((service) => startRecorded(service, config, paths.state)));
}

const CONNECT_MS = 30_000;

async function workersConnected(plan: LocalPlan, signal: AbortSignal): Promise<void> {
  const gateway = createGatewayClient({ url: poolUrl(plan.ports), chainId: LOCAL_CHAIN_ID, signer: undefined });
  const all = plan.ports.workers.length;
  const everybody = async (): Promise<boolean> => (await gateway.pool()).workers.length >= all;
  await until(everybody, { timeoutMs: CONNECT_MS, everyMs: 100, signal });
  signal.throwIfAborted();
}

function networkOf(paths: LocalPaths, plan: LocalPlan, deployment: Deployment): CliNetwork {
  const { ports } = plan;
  return {
    chainId: LOCAL_CHAIN_ID,
    rpcUrls: [chainUrl(plan)],
    marketUrl: marketUrl(ports),
    confirmations: 0,
    deployment,
    imageRegistry: registryHost(ports),
    keys: { folder: paths.keys, passphraseFile: paths.passphrase, account: "requester" },
  };
}
