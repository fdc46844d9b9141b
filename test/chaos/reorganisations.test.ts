import { openChaosStage } from "../support/chaos/chaos-stage.ts";
import type { ChaosStage, Phase } from "../support/chaos/chaos-stage.ts";
import { loseForGood } from "../support/chaos/lose-for-good.ts";
import { countFault } from "../support/chaos/tally.ts";
import { loadTestConfig } from "../support/config.ts";
import { inSuite } from "../support/in-suite.ts";
import { waitFor } from "../support/wait-for.ts";

const { full } = loadTestConfig();
const WORKERS = 3;
const CONFIRMATIONS = { GRIDMILL_CONFIRMATIONS: "1" };
/** Within the confirmations, and deeper. */
const DEPTHS = full ? [1, 3] : [3];
const PHASES: readonly Phase[] = full ? ["sealing", "opening", "settling"] : ["opening"];
/** A task whose settle left it open is tried again after at most so long: far less than an epoch's window. */
const SECOND_TRY_SECONDS = 120;
/** How far an epoch is, and how many transactions of its operator have brought it there. */
const LOST = (
  [
    ["settled", 2],
    ["opening", 1],
  ] as const
).slice(0, full ? 2 : 1);
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

  for (const [phase, lost] of LOST) {
    it(`that loses for good what brought an epoch as far as ${phase}: its number comes again, and nobody waits for its window`, async function () {
      const { stage, feedUntil, isAt, passTimeUntilOver, books, expectWell, pool } = chaos();
      await feedUntil(`an epoch to be ${phase}`, () => isAt(phase));

      process.kill(pool.child.pid, "SIGSTOP");
      await loseForGood(stage.grid, lost).finally(() => process.kill(pool.child.pid, "SIGCONT"));
      countFault("reorganisation", `an epoch ${phase} is lost for good`);
      await passTimeUntilOver(SECOND_TRY_SECONDS);
      const isOver = async (): Promise<boolean> => (await books()).deals.every(({ open }) => !open);
      await waitFor("every deal to be over, again", isOver, { timeoutMs: WITHIN * 1_000, everyMs: 500 });

      await expectWell(WITHIN);
    });
  }
});
