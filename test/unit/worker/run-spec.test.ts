import { expect } from "chai";

import { runnableOf, runSpecOf } from "../../../worker/leasing/run-spec.ts";

import { aDeal, aLease, SCORE, WORKER } from "./fakes.ts";

const NO_FILES = { inputs: [], dataset: undefined };

describe("what a lease has run", function () {
  const kindOf = (deal: ReturnType<typeof aDeal>): string => runnableOf(aLease({ deal })).resultKind;

  it("results in a folder, or in an answer where the deal itself names a contract that waits for it", function () {
    expect(kindOf(aDeal())).to.equal("folder");
    expect(kindOf(aDeal({ callback: WORKER }))).to.equal("callback");
  });

  it("has the time of this machine's score, and the executor hears of no other", function () {
    const { limits } = runSpecOf(runnableOf(aLease()), SCORE, NO_FILES, "/result");

    expect(limits).to.include({ memoryMiB: 256, cpuMs: 150_000, wallMs: 300_000 });
    expect(limits).not.to.have.property("seconds");
  });

  it("knows its number, whatever the app says", function () {
    const lease = aLease({ index: 2, env: { A: "1", GRIDMILL_TASK_INDEX: "9" } });

    const { env } = runSpecOf(runnableOf(lease), SCORE, NO_FILES, "/result");

    expect(env).to.include({ A: "1", GRIDMILL_TASK_INDEX: "2", GRIDMILL_TASK_COUNT: "4", TZ: "UTC" });
  });

  it("knows where its dataset is, and only where it has one", function () {
    const files = { inputs: [], dataset: "/cache/ab" };

    const { env, dataset } = runSpecOf(runnableOf(aLease()), SCORE, files, "/result");

    expect(env).to.include({ GRIDMILL_DATASET: "/dataset/data" });
    expect(dataset).to.equal("/cache/ab");
    expect(runSpecOf(runnableOf(aLease()), SCORE, NO_FILES, "/result").env).not.to.have.property("GRIDMILL_DATASET");
  });
});
