import { expect } from "chai";
import fc from "fast-check";

import { NO_RESOURCES, packResources } from "../../../protocol/capabilities.ts";
import { CRITERIA } from "../../../protocol/placement-weights.ts";
import type { Criterion, Weights } from "../../../protocol/placement-weights.ts";
import { place } from "../../../scheduler/domain/placement/placement.ts";
import type { Candidate, Demand } from "../../../scheduler/domain/placement/placement.ts";
import { scoreOf } from "../../../scheduler/domain/placement/scoring.ts";
import { aCandidate, addressOf, aDeal, aTask, GENESIS } from "../../support/scheduler-records.ts";

const demand: Demand = {
  requirements: aDeal().requirements,
  platform: "linux/amd64",
  sameMachineVotes: false,
  now: GENESIS,
};
const task = aTask();
const machine = (cpuMillicores: number, benchmark: number) => ({
  capabilities: packResources({ ...NO_RESOURCES, cpuMillicores, memoryMiB: 4_096, diskMiB: 4_096, benchmark }),
});
const only = (criterion: Criterion): Demand => ({ ...demand, weights: { [criterion]: 1 } });
const valueOf = (criterion: Criterion, changes: Partial<Candidate> = {}): number =>
  scoreOf(task, only(criterion), aCandidate(1, changes)).total;

describe("the score of a worker", function () {
  const values: readonly (readonly [Criterion, string, Partial<Candidate>, number])[] = [
    ["price", "anybody", {}, 0.5],
    ["reliability", "one whose leases ended well by half", { reliability: 0.5 }, 0.5],
    ["speed", "the reference machine", machine(4_000, 1_000), 0.25],
    ["speed", "a machine four times as fast", machine(4_000, 4_000), 1],
    ["speed", "a machine that says it is ten times as fast", machine(4_000, 10_000), 1],
    ["trust", "a newcomer", { weight: 2n }, 0.25],
    ["trust", "one whose vote weighs all that it may", { weight: 16n }, 1],
    ["energy", "a machine of which nothing is known", {}, 0.5],
    ["energy", "one of 10 watts for a core of the reference machine", { ...machine(4_000, 1_000), watts: 40 }, 0.5],
    ["energy", "one that does the work of two for that", { ...machine(4_000, 2_000), watts: 40 }, 2 / 3],
    ["energy", "one of 90 watts for such a core", { ...machine(1_000, 1_000), watts: 90 }, 0.1],
    ["energy", "one that offers no core", { ...machine(0, 1_000), watts: 90 }, 0.5],
  ];
  for (const [criterion, whose, changes, value] of values) {
    it(`has ${value.toFixed(2)} for the ${criterion} of ${whose}`, function () {
      expect(valueOf(criterion, changes)).to.be.closeTo(value, 1e-9);
    });
  }

  it("is the mean by the weights, over those that count alone", function () {
    const candidate = aCandidate(1, { reliability: 0.5, weight: 16n });

    const { total, terms } = scoreOf(task, { ...demand, weights: { reliability: 3, trust: 1, speed: 0 } }, candidate);

    expect(total).to.be.closeTo((3 * 0.5 + 1) / 4, 1e-9);
    expect(terms.map(({ term }) => term)).to.have.members(["reliability", "trust"]);
  });

  it("lies between 0 and 1, whatever is weighed, and without weights begins with who is idle", function () {
    const weight = fc.integer({ min: 0, max: 100 });
    const weights = fc.record(
      Object.fromEntries(CRITERIA.map((name) => [name, weight])) as Record<Criterion, typeof weight>,
    );
    const some = fc.record({
      reliability: fc.double({ min: 0.01, max: 1, noNaN: true }),
      weight: fc.bigInt({ min: 2n, max: 16n }),
      watts: fc.integer({ min: 1, max: 1_000_000 }),
    });
    fc.assert(
      fc.property(weights, some, (given: Weights, changes) => {
        fc.pre(Object.values(given).some((value = 0) => value > 0));
        const { total } = scoreOf(task, { ...demand, weights: given }, aCandidate(1, changes));

        expect(total).to.be.within(0, 1 + 1e-9);
      }),
    );
    expect(scoreOf(task, demand, aCandidate(1)).terms[0]!.term).to.equal("idle");
  });

  it("decides who is leased, where the requester weighs, and then the idler of equals", function () {
    const fast = aCandidate(1, { ...machine(4_000, 3_000), reliability: 0.5, watts: 400 });
    const sure = aCandidate(2, { ...machine(4_000, 500), reliability: 1, watts: 200 });
    const frugal = aCandidate(3, { ...machine(4_000, 500), reliability: 0.4, watts: 5 });
    const proven = aCandidate(4, { ...machine(4_000, 500), reliability: 0.4, weight: 9n, watts: 200 });
    const first = (by: Criterion): string => place(task, only(by), [sure, fast, frugal, proven]).ranked[0]!.worker;

    expect(first("speed")).to.equal(fast.worker);
    expect(first("reliability")).to.equal(sure.worker);
    expect(first("energy")).to.equal(frugal.worker);
    expect(first("trust")).to.equal(proven.worker);
    const busy = aCandidate(0, { busy: [task.terms.limits] });
    const { ranked } = place(task, only("price"), [busy, aCandidate(5)]);
    expect(ranked.map(({ worker }) => worker)).to.deep.equal([addressOf(5), addressOf(0)]);
  });
});
