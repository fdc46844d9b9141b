import { join } from "node:path";

import type { LocalPaths } from "./paths.ts";
import { workerResources } from "./offers.ts";
import type { Ports, Service } from "./local-plan.ts";
import { LOOPBACK } from "../parts/free-port.ts";

/** Where the chain is: at a URL that somebody gave, or at our own port. */
export type ChainPlace = { readonly ports: Ports; readonly chain?: string | undefined };

/** What all services of one local market share. */
type ServicePlace = ChainPlace & { readonly paths: LocalPaths };

const urlOf = (port: number): string => `http://${LOOPBACK}:${port}`;

export const chainUrl = ({ ports, chain }: ChainPlace): string => chain ?? urlOf(ports.chain);
export const marketUrl = ({ market }: Ports): string => urlOf(market);
export const poolUrl = ({ pool }: Ports): string => urlOf(pool);
export const redisUrl = ({ redis }: Ports): string => `redis://${LOOPBACK}:${redis}`;
/** As image names carry it. */
export const registryHost = ({ registry }: Ports): string => `${LOOPBACK}:${registry}`;

export function marketService(place: ServicePlace): Service {
  const { ports } = place;
  return { ...common(place, "market", "market/main.ts", ports.market), readyUrl: `${urlOf(ports.market)}/ready` };
}

export function poolService(place: ServicePlace, pool: bigint): Service {
  const { ports } = place;
  const service = common(place, "pool", "scheduler/main.ts", ports.pool);
  const env = {
    ...service.env,
    ...keyEnv(place, "pool-operator"),
    REDIS_URL: redisUrl(ports),
    GRIDMILL_POOL: `${pool}`,
    GRIDMILL_MARKET_URL: marketUrl(ports),
    GRIDMILL_PUBLIC_URL: poolUrl(ports),
    GRIDMILL_EPOCH_SECONDS: "10",
    // All its workers share this machine.
    GRIDMILL_SAME_MACHINE_VOTES: "true",
  };
  return { ...service, env, readyUrl: `${poolUrl(ports)}/ready` };
}

/** A worker; `program` is another for the demo's cheat. */
export function workerService(place: ServicePlace, name: string, port: number, program = "worker/main.ts"): Service {
  const { ports } = place;
  const service = common(place, name, program, port);
  const { cpuMillicores, memoryMiB, diskMiB } = workerResources(ports.workers.length);
  const env = {
    ...service.env,
    ...keyEnv(place, name),
    GRIDMILL_POOL_URL: poolUrl(ports),
    GRIDMILL_SLOTS: "1",
    GRIDMILL_CPU_MILLICORES: `${cpuMillicores}`,
    GRIDMILL_MEMORY_MIB: `${memoryMiB}`,
    GRIDMILL_DISK_MIB: `${diskMiB}`,
    GRIDMILL_DRAIN_SECONDS: "2",
  };
  return { ...service, env, readyUrl: `${urlOf(port)}/health` };
}

function common(place: ServicePlace, name: string, program: string, port: number): Omit<Service, "readyUrl"> {
  const { paths } = place;
  const folder = join(paths.root, name);
  const env = {
    GRIDMILL_RPC_URLS: chainUrl(place),
    GRIDMILL_DEPLOYMENT: paths.deployment,
    GRIDMILL_CONFIRMATIONS: "0",
    GRIDMILL_DATA: join(folder, "data"),
    GRIDMILL_HOST: LOOPBACK,
    GRIDMILL_PORT: `${port}`,
  };
  return { name, program, env, dataDir: join(folder, "data"), logFile: join(folder, "log.jsonl") };
}

function keyEnv({ paths }: ServicePlace, key: string): Record<string, string> {
  return { GRIDMILL_KEY_FILE: join(paths.keys, `${key}.json`), GRIDMILL_PASSPHRASE_FILE: paths.passphrase };
}
