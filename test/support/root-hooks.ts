import { until } from "../../cli/parts/until.ts";

import { leaked, ownChildren, whatIsOpen, type OpenNow } from "./leak-check.ts";
import { stopEngineForTests } from "./test-docker.ts";

/** A handle closes a little after the promise that says so. */
const CLOSING_MS = 2_000;
const HANGING_MS = 15_000;

// Mocha 11 drops a rejection that nobody handles.
const unhandled: unknown[] = [];
process.on("unhandledRejection", (reason) => unhandled.push(reason));

let atStartOfRun: OpenNow = [];
let atStartOfTest: OpenNow = [];

export const mochaHooks: Mocha.RootHookObject = {
  async beforeAll() {
    atStartOfRun = await whatIsOpen();
  },
  // Runs after every `before`: what a suite holds for all its tests is no leak of one test.
  async beforeEach() {
    atStartOfTest = await whatIsOpen();
  },
  async afterEach(this: Mocha.Context) {
    assertNothingUnhandled();
    await assertNothingLeft(atStartOfTest, `"${this.currentTest?.fullTitle()}"`);
  },
  async afterAll(this: Mocha.Context) {
    this.timeout(60_000);
    await stopEngineForTests();
    exitWhenHanging();
    assertNothingUnhandled();
    await assertNothingLeft(atStartOfRun, "the run");
  },
};

function assertNothingUnhandled(): void {
  const reasons = unhandled.splice(0);
  if (reasons.length > 0) throw new Error("a promise was rejected and nobody noticed", { cause: reasons[0] });
}

async function assertNothingLeft(before: OpenNow, who: string): Promise<void> {
  let left: OpenNow = [];
  const clean = async (): Promise<boolean> => (left = leaked(before, await whatIsOpen())).length === 0;
  if (await until(clean, { timeoutMs: CLOSING_MS, everyMs: 10 })) return;
  const children = ownChildren();
  throw new Error(`${who} left open: ${[...left, ...children.map((child) => `child ${child}`)].join("; ")}`);
}

/** Mocha waits for open handles for ever; a run that cannot end must fail and name them. */
function exitWhenHanging(): void {
  setTimeout(() => {
    process.stderr.write(
      `The tests are over, but these keep the process alive: ${process.getActiveResourcesInfo().join(", ")}\n`,
    );
    process.exit(1);
  }, HANGING_MS).unref();
}
