import type { LocalPaths } from "../local/paths.ts";
import { localPaths } from "../local/paths.ts";

/** Where the services of docker-compose.yml find each other. */
export const CHAIN_URL = "http://chain:8545";
export const MARKET_URL = "http://market:8480";
export const POOL_URL = "http://scheduler:8470";

/** The network's name for the command. */
export const COMPOSE_NETWORK = "compose";

/** What only the founding services see: every key, and the journals of what they sent. */
export const FOUNDER: LocalPaths = localPaths("/var/lib/gridmill/founder");

const VOLUMES = "/var/lib/gridmill";
/** The addresses of the contracts, for everybody. */
export const DEPLOYMENT_FILE = `${VOLUMES}/deployment/deployment.json`;
/** The command's GRIDMILL_HOME. */
export const COMMAND_HOME = `${VOLUMES}/home`;

/** Whose key lies in a volume of its own, which nobody else mounts. */
export const KEY_VOLUMES: Readonly<Record<string, string>> = {
  "pool-operator": `${VOLUMES}/operator`,
  "worker-1": `${VOLUMES}/worker-1`,
  "worker-2": `${VOLUMES}/worker-2`,
};

export const WORKERS = ["worker-1", "worker-2"] as const;
