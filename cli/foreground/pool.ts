import { loadConfig } from "../../scheduler/config.ts";
import { startScheduler } from "../../scheduler/start-scheduler.ts";
import type { Context } from "../context.ts";
import { UsageError } from "../errors.ts";

import { runForeground, serviceLog } from "./run-foreground.ts";
import { serviceEnv } from "./service-env.ts";
import type { OwnEnv } from "./service-env.ts";

/** What `pool start` may be told; the rest comes from the network and the environment. */
export type PoolServiceOptions = {
  readonly pool?: bigint;
  readonly redis?: string;
  readonly lanes?: number;
  readonly data?: string;
  readonly host?: string;
  readonly port?: number;
};

/**
 * Runs a pool of the network in this process until it is told to stop. The key has to be that of the pool's operator.
 * @throws UsageError | BadConfigError and what the scheduler says when it does not start
 */
export async function runPool(context: Context, options: PoolServiceOptions): Promise<void> {
  const { serviceEnv: given } = context.config;
  const pool = options.pool ?? given["GRIDMILL_POOL"];
  if (pool === undefined)
    throw new UsageError("Which pool? Its id is missing", { hint: "Give --pool ID; gridmill pool create makes one" });
  if (options.redis === undefined && given["REDIS_URL"] === undefined) {
    throw new UsageError("Where does the pool keep its state? A Redis is missing", {
      hint: "Give --redis redis://127.0.0.1:6379",
    });
  }
  const config = loadConfig(await serviceEnv(context, `pool-${pool}`, envOf(options)));
  const log = serviceLog(config.logLevel, { service: "scheduler", pool: `${config.pool}` });
  const scheduler = await startScheduler(config, log);
  const facts = { pool: config.pool, url: scheduler.url, data: config.dataFolder };
  await runForeground(context, { name: "pool", facts, stop: () => scheduler.stop() });
}

function envOf({ pool, redis, lanes, data, host, port }: PoolServiceOptions): OwnEnv {
  const place = { GRIDMILL_DATA: data, GRIDMILL_HOST: host, GRIDMILL_PORT: port };
  return { GRIDMILL_POOL: pool, REDIS_URL: redis, GRIDMILL_LANES: lanes, ...place };
}
