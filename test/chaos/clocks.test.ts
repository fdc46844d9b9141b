import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import { openChaosStage } from "../support/chaos/chaos-stage.ts";
import type { ChaosStage } from "../support/chaos/chaos-stage.ts";
import { countFault } from "../support/chaos/tally.ts";
import { loadTestConfig } from "../support/config.ts";
import { inSuite } from "../support/in-suite.ts";
import { REPOSITORY } from "../support/local-market.ts";
import type { Service } from "../support/stage/service.ts";
import type { ServiceChanges } from "../support/stage/stage.ts";

const { full } = loadTestConfig();
const [MINUTE, HOUR, DAY] = [60, 3_600, 86_400];
/** Seconds after which all is well with such clocks. */
const WITHIN = 60;

/** What a process is told whose clock is ahead by so many seconds, and is set by so many when it gets a signal. */
function ahead(seconds: number, jump = 0): ServiceChanges {
  const clock = join(REPOSITORY, "test/support/chaos/wrong-clock.ts");
  const env = { GRIDMILL_CLOCK_AHEAD: `${seconds}`, GRIDMILL_CLOCK_JUMP: `${jump}` };
  return { flags: ["--import", clock], env };
}

describe("a market whose clocks are wrong", function () {
  this.timeout(120_000);
  // Two votes decide, so each of these workers has to take part.
  const chaos = inSuite<ChaosStage>(() => openChaosStage(0, 2));

  before(async function () {
    for (const [worker, seconds] of [HOUR, -HOUR].entries()) {
      await chaos().startWorker(worker, ahead(seconds));
      countFault("wrong clock", `a worker by ${seconds} s`);
    }
  });

  it("settles the tasks of a worker that is an hour ahead and one that is an hour behind", () =>
    chaos().expectWell(WITHIN));

  for (const seconds of [DAY, -DAY]) {
    it(`settles them at a pool that is wrong by ${seconds} s`, async function () {
      await chaos().replacePool(ahead(seconds));
      countFault("wrong clock", `a pool by ${seconds} s`);

      await chaos().expectWell(WITHIN);
    });
  }

  for (const seconds of full ? [HOUR, -HOUR] : []) {
    it(`settles them at a pool whose clock is set by ${seconds} s in the middle of its work`, async function () {
      const { replacePool, feedUntil, isAt, expectWell } = chaos();
      await replacePool(ahead(0, seconds));
      await feedUntil("an epoch", () => isAt("balloting"));

      process.kill(chaos().pool.child.pid, "SIGUSR2");
      countFault("wrong clock", `a running pool by ${seconds} s`);

      await expectWell(WITHIN);
    });
  }
});

describe("two schedulers of one pool whose clocks are ten minutes apart", function () {
  this.timeout(120_000);
  const chaos = inSuite<ChaosStage>(() => openChaosStage(0, 2));

  let other: Service;

  before(async function () {
    const { replacePool, joinPool, startWorker } = chaos();
    await replacePool(ahead(-5 * MINUTE));
    other = await joinPool(ahead(5 * MINUTE));
    countFault("wrong clock", "two pools by 600 s");
    const slow = { program: "test/support/chaos/slow-worker.ts" };
    await Promise.all([startWorker(0, slow), startWorker(1, { ...slow, env: { GRIDMILL_POOL_URL: other.url } })]);
  });

  it("settle every task once, each with the votes of workers of both, and take no lease away", async function () {
    await chaos().openDeal();
    await chaos().expectWell(WITHIN);

    const logs = await Promise.all([chaos().pool, other].map(saidBy));
    expect(logs.join("\n")).to.not.match(/lease lost|vote dropped/);
    for (const log of logs) expect(log).to.include("vote computed");
    expect((await fetch(new URL("/ready", other.url))).ok).to.equal(true);
  });
});

const saidBy = ({ child }: Service): Promise<string> => readFile(child.logFile, "utf8");
