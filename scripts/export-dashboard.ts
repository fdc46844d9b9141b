import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { poolDashboard } from "./pool-dashboard.ts";

/** Writes the dashboard of a pool as Grafana imports it. */
const path = join(import.meta.dirname, "../ops/grafana-pool.json");
writeFileSync(path, `${JSON.stringify(poolDashboard(), null, 2)}\n`);
