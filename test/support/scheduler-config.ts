import { loadConfig } from "../../scheduler/config.ts";
import type { SchedulerConfig } from "../../scheduler/config.ts";

/** The configuration of a scheduler in tests, from as few variables as it takes. */
export function testConfig(env: Readonly<Record<string, string>> = {}): SchedulerConfig {
  return loadConfig({
    REDIS_URL: "redis://127.0.0.1:1",
    GRIDMILL_RPC_URLS: "http://127.0.0.1:1",
    GRIDMILL_DEPLOYMENT: "none.json",
    GRIDMILL_POOL: "1",
    GRIDMILL_MARKET_URL: "http://127.0.0.1:1",
    GRIDMILL_DATA: "/nonexistent",
    GRIDMILL_KEY: "0x01",
    GRIDMILL_REPLICATE_PERCENT: "0",
    ...env,
  });
}
