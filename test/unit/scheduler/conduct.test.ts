import { expect } from "chai";
import fc from "fast-check";

import {
  afterEnding,
  conductAt,
  GRADES,
  MOST_MISSED,
  NEWCOMER,
  OUT_MS,
} from "../../../scheduler/domain/workers/conduct.ts";
import type { Conduct, Ending, Grade } from "../../../scheduler/domain/workers/conduct.ts";

const NOW = 1_900_000_000_000;
const HOUR = 3_600_000;
/** Apart enough to be different turns, near enough for nothing to fade. */
const STEP = 15_000;

const times = (count: number, what: Ending): readonly Ending[] => Array.from({ length: count }, () => what);
/** The conduct after these endings, `step` milliseconds apart, the last at `NOW`. */
function after(endings: readonly Ending[], step = STEP, from = NEWCOMER): Conduct {
  const begin = NOW - step * (endings.length - 1);
  return endings.reduce((conduct, ending, place) => afterEnding(conduct, ending, begin + step * place), from);
}

const TRUSTED = after(times(10, "confirmed"), 0);
const QUARANTINED = after(["disagreed"]);
const OUT = after(times(MOST_MISSED, "late"));

describe("conduct", function () {
  const moves: readonly (readonly [string, Conduct, Grade])[] = [
    ["a newcomer is on probation", NEWCOMER, "probation"],
    ["nine confirmed results prove nothing yet", after(times(9, "confirmed"), 0), "probation"],
    ["ten do", TRUSTED, "trusted"],
    ["successes that nobody confirms prove nothing", after(times(50, "success"), 0), "probation"],
    ["one disagreement of a newcomer is doubted", QUARANTINED, "quarantined"],
    ["one of a trusted worker too", after(["disagreed"], STEP, TRUSTED), "quarantined"],
    ["ten refusals are borne", after(times(10, "refused")), "probation"],
    ["the eleventh is not", after(times(11, "refused"), 0), "quarantined"],
    [
      "as many refusals as successes are borne",
      after([...times(11, "success"), ...times(11, "refused")], 0),
      "probation",
    ],
    ["nine turns missed in a row are borne", after(times(9, "late")), "probation"],
    ["the tenth is not", OUT, "out"],
    ["nor by whom the pool trusts", after(times(10, "late"), STEP, TRUSTED), "out"],
    ["nor in quarantine", after(times(10, "late"), STEP, QUARANTINED), "out"],
    ["what lapses at once is one turn", after(times(100, "late"), 0), "probation"],
    ["a millisecond less than a lease apart is one turn", after(times(11, "late"), STEP / 2), "probation"],
    ["another end begins the row anew", after([...times(9, "late"), "refused", ...times(9, "late")]), "probation"],
    ["who is out stays out", after(["disagreed", ...times(10, "confirmed")], 0, OUT), "out"],
    ["who is in quarantine proves nothing", after(times(10, "confirmed"), 0, QUARANTINED), "quarantined"],
  ];
  for (const [what, conduct, grade] of moves) {
    it(`${what}: ${grade}`, function () {
      expect(conduct.grade).to.equal(grade);
    });
  }

  const ends: readonly (readonly [string, Conduct, number])[] = [
    ["quarantine, after an hour", QUARANTINED, HOUR],
    ["a second one, after two", after(times(2, "disagreed"), 0), 2 * HOUR],
    ["the sixth, after a day", after(times(6, "disagreed"), 0), 24 * HOUR],
    ["being out, after a day", OUT, OUT_MS],
  ];
  for (const [what, conduct, ms] of ends) {
    it(`ends ${what}, in probation from its beginning`, function () {
      expect(conductAt(conduct, NOW + ms - 1).grade).to.equal(conduct.grade);
      const back = conductAt(conduct, NOW + ms);

      expect(back).to.include({ grade: "probation", confirmed: 0, missed: 0 }).and.not.have.property("until");
      expect(back.reputation).to.equal(conduct.reputation);
      expect(afterEnding(conduct, "confirmed", NOW + ms)).to.include({ grade: "probation", confirmed: 1 });
    });
  }

  it("has a time that ends just where it has a penalty, whatever happens", function () {
    const event = fc.tuple(
      fc.constantFrom<Ending>("success", "confirmed", "late", "refused", "disagreed"),
      fc.nat(2 * HOUR),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let [conduct, now] = [NEWCOMER, NOW];
        for (const [ending, ms] of events) {
          now += ms;
          conduct = afterEnding(conduct, ending, now);
          expect(GRADES).to.include(conduct.grade);
          const isPenalty = conduct.grade === "quarantined" || conduct.grade === "out";
          expect(conduct.until !== undefined).to.equal(isPenalty);
          if (isPenalty) expect(conduct.until! - now).to.be.within(1, OUT_MS);
          if (conduct.grade === "trusted") expect(conduct.confirmed).to.be.at.least(10);
        }
      }),
    );
  });
});
