import { join } from "node:path";

import { openChaosStage } from "../support/chaos/chaos-stage.ts";
import type { ChaosStage } from "../support/chaos/chaos-stage.ts";
import { countFault } from "../support/chaos/tally.ts";
import { inSuite } from "../support/in-suite.ts";
import { REPOSITORY } from "../support/local-market.ts";
import type { ServiceChanges } from "../support/stage/stage.ts";

const [HOUR, DAY] = [3_600, 86_400];
/** Seconds after which all is well with such clocks. */
const WITHIN = 60;

/** What a process is told whose clock is ahead by so many seconds. */
function ahead(seconds: number): ServiceChanges {
  const clock = join(REPOSITORY, "test/support/chaos/wrong-clock.ts");
  return { flags: ["--import", clock], env: { GRIDMILL_CLOCK_AHEAD: `${seconds}` } };
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
});
