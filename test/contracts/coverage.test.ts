import { expect } from "chai";

import { withBranches } from "../coverage/branches.ts";
import type { Counted } from "../coverage/branches.ts";
import { mergeReports } from "../coverage/lcov.ts";
import { renewed } from "../coverage/page.ts";
import { reasonOf, staleReasons } from "../coverage/reasons.ts";
import { figuresOf, isEnough } from "../coverage/report.ts";
import type { Figures } from "../coverage/report.ts";
import { parse } from "../support/solc.ts";

const FILE = "contracts/libraries/Toll.sol";

const SOURCE = `// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.28;

library Toll {
    function tollOf(uint256 weight, bool isEmpty) internal pure returns (uint256 toll) {
        if (isEmpty || (weight < 2 && toll == 0)) return 1; // "€" takes three bytes
        for (uint256 i; i < weight; ++i) {
            toll += i % 2 == 0 ? 3 : 4;
        }
        assembly ("memory-safe") {
            if iszero(toll) { toll := 1 }
            for {} lt(toll, 3) {} { toll := 3 }
        }
    }
}
`;

function counted(): Counted {
  return withBranches(FILE, SOURCE, parse(new Map([[FILE, SOURCE]])).get(FILE)!);
}

/** What is known where the loop was never run: the last condition had neither outcome. */
function figuresOfPart(): Figures {
  const { conditions } = counted();
  const met = conditions.slice(0, -1).flatMap(({ whenTrue, whenFalse }) => [`DA:${whenTrue},1`, `DA:${whenFalse},1`]);
  const byMocha = ["SF:contracts/branches/libraries/Toll.sol", ...met, `SF:${FILE}`, "DA:6,1", "DA:7,0", "DA:8,0"];
  const bySolidity = [`SF:${FILE}`, "DA:6,0", "DA:7,1", "DA:8,0"];
  const executed = mergeReports([byMocha.join("\n"), bySolidity.join("\n")]);
  return figuresOf(executed, conditions, new Map([[FILE, SOURCE]]));
}

describe("the coverage of the contracts", function () {
  it("counts what is joined one by one, loops and choices too, each on its line, and nothing of assembly", function () {
    const { conditions } = counted();

    expect(conditions.map(({ line, text }) => [line, text])).to.deep.equal([
      [6, "isEmpty"],
      [6, "weight < 2"],
      [6, "toll == 0"],
      [7, "i < weight"],
      [8, "i % 2 == 0"],
    ]);
  });

  it("sends each condition through the function whose lines are its outcomes", function () {
    const { source, library, conditions } = counted();
    const lines = library.split("\n");

    expect(source.split("\n")).to.have.lengthOf(SOURCE.split("\n").length);
    expect(source).to.contain('import {Branches} from "../branches/libraries/Toll.sol";');
    expect(source).to.contain(
      "if (Branches.c0(isEmpty) || (Branches.c1(weight < 2) && Branches.c2(toll == 0))) return 1;",
    );
    for (const [place, { whenTrue, whenFalse }] of conditions.entries()) {
      expect(lines[whenTrue - 2]).to.contain(`function c${place}(bool value)`);
      expect([lines[whenTrue - 1], lines[whenFalse - 1]]).to.deep.equal(["return true;", "return false; } }"]);
    }
  });

  it("takes for executed what either kind of test executes, and names the rest", function () {
    const { total, gaps } = figuresOfPart();

    expect(total).to.deep.include({ lines: { met: 2, all: 3 }, outcomes: { met: 8, all: 10 } });
    expect(gaps).to.deep.equal([
      {
        ...{ file: FILE, line: 8, text: "toll += i % 2 == 0 ? 3 : 4;" },
        what: ["not executed", "never true: i % 2 == 0", "never false: i % 2 == 0"],
      },
    ]);
  });

  it("is nothing where a source was not measured", function () {
    const { conditions } = counted();

    expect(() => figuresOf(new Map(), conditions, new Map([[FILE, SOURCE]]))).to.throw(`${FILE} was not measured`);
  });

  it("is enough above 95 % of the lines and 90 % of the outcomes", function () {
    const figures = (lines: number, outcomes: number): Figures => {
      const total = { file: "all", lines: { met: lines, all: 100 }, outcomes: { met: outcomes, all: 100 } };
      return { rows: [], total, gaps: [] };
    };

    const enough = [figures(96, 91), figures(95, 91), figures(96, 90)].map(isEnough);

    expect(enough).to.deep.equal([true, false, false]);
  });

  it("knows the reason for a line by its text, and which reasons are out of date", function () {
    const { gaps } = figuresOfPart();
    const [reason, gone] = ["toll += i % 2 == 0 ? 3 : 4;", "toll += 5;"].map((text) => ({
      file: FILE,
      text,
      reason: "why",
    }));

    expect(reasonOf(gaps[0]!, [gone!, reason!])).to.equal("why");
    expect(staleReasons([gone!, reason!], gaps)).to.deep.equal([gone]);
  });

  it("renews the figures of the page and nothing else", function () {
    const figures = figuresOfPart();
    const stamp = { date: "2026-01-02", commit: "abcdef0", changed: false };
    const empty =
      "# Title\n\n<!-- measured: npm run coverage:contracts -- --write -->\nold\n<!-- end of measured -->\n\nEnd\n";

    const page = renewed(empty, figures, [], stamp);

    expect(page)
      .to.match(/^# Title\n\n<!-- measured[^]*<!-- end of measured -->\n\nEnd\n$/)
      .and.not.contain("old");
    expect(page).to.contain("of the contracts of commit abcdef0.");
    expect(page).to.contain("| contracts/libraries/Toll.sol:8 | not executed; never true: `i % 2 == 0`;");
    expect(renewed(page, figures, [], stamp)).to.equal(page);
  });
});
