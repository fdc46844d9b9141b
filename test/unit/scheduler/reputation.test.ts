import { expect } from "chai";
import fc from "fast-check";

import {
  faded,
  faultsOf,
  HALF_LIFE_MS,
  OUTCOMES,
  reliabilityOf,
  UNKNOWN,
  withOutcome,
} from "../../../scheduler/domain/workers/reputation.ts";
import type { Outcome, Reputation } from "../../../scheduler/domain/workers/reputation.ts";

const NOW = 1_900_000_000_000;
const after = (outcomes: readonly Outcome[], at = NOW): Reputation =>
  outcomes.reduce((reputation, outcome) => withOutcome(reputation, outcome, at), UNKNOWN);

describe("reputation", function () {
  const shares: readonly (readonly [string, readonly Outcome[], number])[] = [
    ["nothing", [], 1],
    ["one success", ["success"], 1],
    ["one lease that came too late", ["late"], 1 / 2],
    ["one that was refused after three that were good", ["success", "success", "success", "refused"], 4 / 5],
    ["one fault of each kind", ["late", "refused", "disagreed"], 1 / 4],
  ];
  for (const [what, outcomes, share] of shares) {
    it(`of ${what} is ${share}`, function () {
      expect(reliabilityOf(after(outcomes))).to.equal(share);
    });
  }

  it("counts what happened a week ago by half, two weeks ago by a quarter", function () {
    const old = after(["success", "disagreed"]);
    const week = faded(old, NOW + HALF_LIFE_MS);

    expect(HALF_LIFE_MS).to.equal(7 * 24 * 3_600_000);
    expect([week.success, week.disagreed, week.late]).to.deep.equal([0.5, 0.5, 0]);
    expect(faded(old, NOW + 2 * HALF_LIFE_MS).success).to.equal(0.25);
    expect(withOutcome(old, "success", NOW + HALF_LIFE_MS)).to.include({ success: 1.5, disagreed: 0.5 });
  });

  it("forgives: of one fault and nothing since, less and less is left", function () {
    const fault = after(["disagreed"]);

    expect(reliabilityOf(faded(fault, NOW + 10 * HALF_LIFE_MS))).to.be.greaterThan(0.999);
  });

  it("is the same by whatever steps time has passed, and whatever the clock", function () {
    const days = fc.integer({ min: 0, max: 60 });
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...OUTCOMES), { maxLength: 20 }), days, days, (outcomes, one, other) => {
        const start = after(outcomes);
        const [between, end] = [NOW + one * 86_400_000, NOW + (one + other) * 86_400_000];
        const [stepped, straight] = [faded(faded(start, between), end), faded(start, end)];
        for (const outcome of OUTCOMES) expect(stepped[outcome]).to.be.closeTo(straight[outcome], 1e-9);
        expect(faded(start, NOW - 1_000)).to.deep.equal(start.at === 0 ? { ...UNKNOWN, at: NOW - 1_000 } : start);
        expect(reliabilityOf(start)).to.be.within(Number.MIN_VALUE, 1);
        expect(faultsOf(start) + start.success).to.be.closeTo(outcomes.length, 1e-9);
      }),
    );
  });
});
