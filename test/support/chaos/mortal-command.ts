/** The real `gridmill run --json`, as its own process, with crash points around everything that it writes. */
import { loadConfig } from "../../../cli/config.ts";
import { exitCodeOf, ExitWith } from "../../../cli/exit-codes.ts";
import { homePaths } from "../../../cli/home.ts";
import { interruptSignal } from "../../../cli/interrupt.ts";
import { createPrinter } from "../../../cli/print.ts";
import { reportError } from "../../../cli/report-error.ts";
import { runApp } from "../../../cli/run/run-app.ts";
import { openRunRecord } from "../../../cli/run/run-record.ts";

import { crashPoints, passing } from "./crash-points.ts";
import { journalling } from "./sender-points.ts";

const [app, out] = process.argv.slice(2) as [string, string];
const reached = crashPoints("command");
const config = loadConfig();
const shared = { json: true, quiet: false, networkName: "local", account: undefined };
const printer = createPrinter({ ...shared, out: process.stdout, err: process.stderr });
const context = { ...printer, ...shared, config, home: homePaths(config.home), signal: interruptSignal() };
const options = { input: [], env: {}, trust: 3, tasks: 1, out, detach: false, dryRun: false, yes: true };

/** As `cli/run-cli.ts` does. */
function fail(error: unknown): void {
  process.stderr.write(`${reportError(error).text}\n`);
  process.exitCode = error instanceof ExitWith ? error.exitCode : exitCodeOf(error);
}

await runApp(context, app, ["nothing"], options, {
  openRecord: (folder, asked) => {
    const record = openRunRecord(folder, asked);
    const move = (from: string, to: string) => [{ of: "command", id: out, from, to }];
    return {
      left: record.left,
      put: (from, run) => passing(reached, move(from, run.state), () => record.put(from, run)),
      done: (from) => passing(reached, move(from, "done"), () => record.done(from)),
    };
  },
  wrapJournal: (journal) => journalling(reached, journal, new Map()),
}).catch(fail);
