import { openChaosStage } from "../support/chaos/chaos-stage.ts";
import type { ChaosStage, Phase } from "../support/chaos/chaos-stage.ts";
import { countFault } from "../support/chaos/tally.ts";
import { loadTestConfig } from "../support/config.ts";
import { inSuite } from "../support/in-suite.ts";

const { full } = loadTestConfig();
const WORKERS = 3;
const CONFIRMATIONS = { GRIDMILL_CONFIRMATIONS: "1" };
/** Within the confirmations, and deeper. */
const DEPTHS = full ? [1, 3] : [3];
const PHASES: readonly Phase[] = full ? ["sealing", "opening", "settling"] : ["opening"];
/** Seconds after which all is well again. */
const WITHIN = 60;

describe("a market whose chain is reorganised while deals are on their way", function () {
  this.timeout(200_000);
  const chaos = inSuite<ChaosStage>(() => openChaosStage(WORKERS, 0, CONFIRMATIONS, CONFIRMATIONS));

  for (const depth of DEPTHS) {
    for (const phase of PHASES) {
      it(`by ${depth} block(s) while a deal is ${phase}: all is well within ${WITHIN} s, and nothing is lost`, async function () {
        const { stage, feedUntil, isAt, expectWell } = chaos();
        await feedUntil(`a deal to be ${phase}`, () => isAt(phase));

        await stage.grid.reorganise(depth);
        countFault("reorganisation", `${depth} block(s)`);

        await expectWell(WITHIN);
      });
    }
  }
});
