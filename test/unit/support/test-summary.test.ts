import { expect } from "chai";

import { closingLines, countsIn, countsOf } from "../../support/test-summary.ts";

describe("test summary", function () {
  it("reads mocha's closing lines, coloured or not, and no test's name", function () {
    const output =
      "  ✔ 7 passing\n\n  \u001b[92m \u001b[0m\u001b[32m 12 passing\u001b[0m\u001b[90m (3s)\u001b[0m\n  2 failing\n";

    expect(countsIn(output)).to.deep.equal({ passed: 12, failed: 2 });
  });

  it("adds up runs that come one after the other", function () {
    expect(countsIn("  3 passing (120ms)\n\n4 passing\n1 failing\n")).to.deep.equal({ passed: 7, failed: 1 });
  });

  it("takes Hardhat's sum alone, which repeats its runners' lines", function () {
    const output = "  5 passing (2m)\n\n7 passing (5 mocha, 2 solidity)\n1 failing (1 solidity)\n";

    expect(countsIn(output)).to.deep.equal({ passed: 7, failed: 1 });
  });

  it("counts what was left out as failed", function () {
    expect(countsIn("  3 passing (1s)\n  1 pending\n")).to.deep.equal({ passed: 3, failed: 1 });
  });

  it("counts a run that broke down as one failure, and no more than its failing tests say", function () {
    expect(countsOf("compiler crashed", 1)).to.deep.equal({ passed: 0, failed: 1 });
    expect(countsOf("killed", null)).to.deep.equal({ passed: 0, failed: 1 });
    expect(countsOf("  1 passing (1s)\n  2 failing\n", 2)).to.deep.equal({ passed: 1, failed: 2 });
    expect(countsOf("  1 passing (1s)\n", 0)).to.deep.equal({ passed: 1, failed: 0 });
  });

  it("closes with the line that is read by programs", function () {
    const lines = closingLines(
      [
        { kind: "lint", seconds: 4.04, passed: 0, failed: 0 },
        { kind: "unit", seconds: 1, passed: 5, failed: 1 },
      ],
      5.04,
    );

    expect(lines.at(-1)).to.equal("5 passed, 1 failed");
    expect(lines).to.include("unit                1.0        5        1");
  });
});
