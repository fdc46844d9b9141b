import { expect } from "chai";

import { runSpecOf } from "../../../worker/leasing/run-spec.ts";

import { aDeal, aLease, WORKER } from "./fakes.ts";

describe("what a lease has run", function () {
  const kindOf = (deal: ReturnType<typeof aDeal>): string => runSpecOf(aLease({ deal }), [], "/result").resultKind;

  it("results in a folder, or in an answer where the deal itself names a contract that waits for it", function () {
    expect(kindOf(aDeal())).to.equal("folder");
    expect(kindOf(aDeal({ callback: WORKER }))).to.equal("callback");
  });
});
