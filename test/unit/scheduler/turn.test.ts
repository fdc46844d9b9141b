import { expect } from "chai";
import { parseEther } from "ethers";

import { turnOf } from "../../../scheduler/domain/placement/turn.ts";
import { aDeal, GENESIS } from "../../support/scheduler-records.ts";

const FREE = { appPrice: 0n, poolPrice: 0n };

describe("a deal's turn", function () {
  it("comes a twentieth of its time after it was opened, so that short ones overtake long ones", function () {
    expect(turnOf(aDeal(FREE))).to.equal(GENESIS + 3_000 / 20);
    expect(turnOf(aDeal({ ...FREE, category: 4 }))).to.equal(GENESIS + 360_000 / 20);
  });

  it("comes a minute sooner for each doubling of what is paid for an hour of a core", function () {
    // A core for 300 s is a twelfth of an hour of a core.
    const paying = (millPerHour: bigint) => aDeal({ ...FREE, poolPrice: (parseEther("1") * millPerHour) / 12n });
    const sooner = (millPerHour: bigint): number => turnOf(aDeal(FREE)) - turnOf(paying(millPerHour));
    expect([1n, 3n, 7n].map(sooner)).to.deep.equal([60, 120, 180]);
  });

  it("comes ten minutes sooner at most, whatever is paid: who waits longer goes first", function () {
    const rich = aDeal({ poolPrice: parseEther("1000000000") });
    expect(turnOf(rich)).to.equal(turnOf(aDeal(FREE)) - 600);
    expect(turnOf({ ...rich, openedAt: GENESIS + 601 })).to.be.greaterThan(turnOf(aDeal(FREE)));
  });
});
