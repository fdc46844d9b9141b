import { expect } from "chai";

import { categoryDeadline, categorySeconds } from "../../../protocol/categories.ts";

describe("categories", function () {
  it("are five, from five minutes to ten hours on the reference machine", function () {
    expect([0, 1, 2, 3, 4].map(categorySeconds)).to.deep.equal([300, 1_200, 3_600, 10_800, 36_000]);
  });

  it("end at 4", function () {
    for (const category of [-1, 5, 255, 0.5, NaN]) {
      expect(() => categorySeconds(category), `${category}`).to.throw(RangeError, `Category ${category}`);
      expect(() => categoryDeadline(category, 0)).to.throw(RangeError);
    }
  });

  it("give a deal ten times their time", function () {
    expect([0, 1, 2, 3, 4].map((category) => categoryDeadline(category, 1_000))).to.deep.equal([
      ...[4_000, 13_000, 37_000, 109_000, 361_000],
    ]);
  });
});
