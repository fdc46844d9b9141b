import { expect } from "chai";

import type { Address } from "../../../protocol/primitives.ts";
import { sharesOf, weightAt } from "../../../scheduler/domain/placement/fair-share.ts";
import type { Claimant } from "../../../scheduler/domain/placement/fair-share.ts";
import { addressOf, GENESIS } from "../../support/scheduler-records.ts";

const NOW = GENESIS * 1_000;
const WEEK = 7 * 86_400_000;
const [ANN, BOB] = [addressOf(1), addressOf(2)];

/** Who has had leases of one core-second each, so many, at such a time. */
function claimant(requester: Address, had: number, changes: Partial<Claimant> = {}, at = NOW): Claimant {
  const sum = had * weightAt(at);
  return { requester, used: sum, ended: sum, working: 0, waiting: 100, ...changes };
}

const counted = (turns: readonly Address[]): readonly number[] =>
  [ANN, BOB].map((requester) => turns.filter((turn) => turn === requester).length);

describe("fair shares of a pool", function () {
  it("are equal for two who have had the same, turn by turn", function () {
    expect(sharesOf([claimant(ANN, 5), claimant(BOB, 5)], 4, NOW)).to.deep.equal([ANN, BOB, ANN, BOB]);
  });

  it("are his first who has had less, until he has had as much", function () {
    expect(sharesOf([claimant(ANN, 5), claimant(BOB, 2)], 4, NOW)).to.deep.equal([BOB, BOB, BOB, ANN]);
  });

  it("count what is out as if it had ended", function () {
    const turns = sharesOf([claimant(ANN, 5, { working: 3 }), claimant(BOB, 5)], 4, NOW);
    expect(turns).to.deep.equal([BOB, BOB, BOB, ANN]);
  });

  it("count what was used a week ago half", function () {
    const turns = sharesOf([claimant(ANN, 8, {}, NOW - WEEK), claimant(BOB, 2)], 4, NOW);
    expect(counted(turns)).to.deep.equal([1, 3]);
  });

  it("are by what leases cost, not by how many they are", function () {
    const dear = { used: 40 * weightAt(NOW), ended: 4 * weightAt(NOW) };
    const cheap = { used: 40 * weightAt(NOW), ended: 40 * weightAt(NOW) };
    expect(counted(sharesOf([claimant(ANN, 0, dear), claimant(BOB, 0, cheap)], 11, NOW))).to.deep.equal([1, 10]);
  });

  it("give nobody more than waits of his, and all of it where there is room", function () {
    const turns = sharesOf([claimant(ANN, 0, { waiting: 1 }), claimant(BOB, 9, { waiting: 2 })], 9, NOW);
    expect(turns).to.deep.equal([ANN, BOB, BOB]);
    expect(sharesOf([], 9, NOW)).to.deep.equal([]);
  });
});
