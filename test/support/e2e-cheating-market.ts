/** `gridmill up --json` with three honest workers and one that lies; run as a program by the tests of cheats. */
import { loadConfig } from "../../cli/config.ts";
import { homePaths } from "../../cli/home.ts";
import { interruptSignal } from "../../cli/interrupt.ts";
import { runUp } from "../../cli/local/run-up.ts";
import { createPrinter } from "../../cli/print.ts";

const json = true;
const quiet = false;
const config = loadConfig();
const context = {
  ...createPrinter({ json, quiet, out: process.stdout, err: process.stderr }),
  ...{ config, home: homePaths(config.home), json, quiet, networkName: "local", account: undefined },
  signal: interruptSignal(),
};
await runUp(context, { workers: 3, fresh: false, anyPorts: true, cheater: "test/support/cheating-worker.ts" });
