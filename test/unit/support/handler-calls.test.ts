import { expect } from "chai";

import { failed, suitesOf, tableOfCalls } from "../../support/handler-calls.ts";

const called = (calls: number, reverts = 0, discards = 0) => ({
  calls: BigInt(calls),
  reverts: BigInt(reverts),
  discards: BigInt(discards),
});
const suite = (metrics: Record<string, ReturnType<typeof called>>) => [
  { id: { name: "Books" }, testResults: [{ name: "invariant_Hold()", kind: { metrics } }] },
];

describe("the calls of a handler", function () {
  it("are counted without those that reverted or had nothing to do", function () {
    const { lines, problems } = tableOfCalls(suite({ "a.sol:Handler.open": called(70, 0, 20) }), 50);

    expect(lines.at(-1)).to.match(/^ {2}open +50 +0 +20$/);
    expect(problems).to.deep.equal([]);
  });

  it("are too few below the least", function () {
    const { problems } = tableOfCalls(suite({ "a.sol:Handler.open": called(70, 0, 21) }), 50);

    expect(problems).to.deep.equal(["Books: open succeeded 49 times, less than 50"]);
  });

  it("are a problem when one reverted", function () {
    const { problems } = tableOfCalls(suite({ "a.sol:Handler.open": called(70, 1) }), 50);

    expect(problems).to.deep.equal(["Books: open reverted 1 times"]);
  });

  it("are not told of tests without any", function () {
    const unit = [{ id: { name: "Books" }, testResults: [{ name: "test_Adds()", kind: {} }] }];

    expect(tableOfCalls(unit, 50)).to.deep.equal({ lines: [], problems: [] });
  });

  it("make a good run fail, and leave its results", function () {
    const result = { success: true, value: { suiteResults: suite({}) } } as const;

    expect(failed(result).success).to.equal(false);
    expect(suitesOf(failed(result))).to.equal(result.value.suiteResults);
  });
});
