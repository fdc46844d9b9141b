/** Runs the test files it is given until one test fails, and tells the process that started it the {@link Verdict}. */
import { relative } from "node:path";

import Mocha from "mocha";

import type { Killer } from "./workplace.ts";

const TEST_TIMEOUT = 60_000;

let killer: Killer | undefined;

function note(test: Mocha.Runnable, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  killer ??= { title: test.fullTitle(), file: relative(process.cwd(), test.file ?? ""), message };
}

const mocha = new Mocha({ bail: true, timeout: TEST_TIMEOUT, reporter: Mocha.reporters.Base });
for (const file of process.argv.slice(2)) mocha.addFile(file);
await mocha.loadFilesAsync();
const runner = mocha.run(() => {
  process.send!({ killer, passed: runner.stats!.passes }, () => process.exit());
});
runner.on(Mocha.Runner.constants.EVENT_TEST_FAIL, note);
