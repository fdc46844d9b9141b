import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";
import { id } from "ethers";
import fc from "fast-check";

import { adaptiveReplication } from "../../../bench/credibility/adaptive.ts";
import { credibility } from "../../../bench/credibility/credibility.ts";
import type { Scenario } from "../../../bench/credibility/crowd.ts";
import { agreedAnswer, leasesFor } from "../../../bench/credibility/decision.ts";
import {
  groupCredibilities,
  majorityError,
  majorityRedundancy,
  oddsOf,
  spotCheckError,
  workerCredibility,
} from "../../../bench/credibility/formulas.ts";
import { gridmill } from "../../../bench/credibility/gridmill.ts";
import { majority } from "../../../bench/credibility/majority.ts";
import { unpackedResults } from "../../../bench/credibility/packed.ts";
import { withTables } from "../../../bench/credibility/page.ts";
import { Standing } from "../../../bench/credibility/standing.ts";
import { tablesOf } from "../../../bench/credibility/tables.ts";
import { consensusOf, votesWanted } from "../../../protocol/consensus.ts";
import type { Hash } from "../../../protocol/primitives.ts";

const ROOT = join(import.meta.dirname, "../../..");
const LIARS: Scenario = {
  ...{ workers: 500, tasks: 4_000, saboteurs: 0.2, lieRate: 1 },
  ...{ manner: "together", caught: "out", honestUntil: 0 },
};
const HONEST = { ...LIARS, workers: 10, saboteurs: 0 };
const SEED = 5;

describe("simulation of credibility", function () {
  describe("formulas", function () {
    it("of majority voting give the literature's numbers", function () {
      expect([2, 3].map((m) => majorityError(0.1, m).toFixed(4))).to.deep.equal(["0.0280", "0.0086"]);
      expect([2, 3].map((m) => majorityError(0.2, m).toFixed(4))).to.deep.equal(["0.1040", "0.0579"]);
      expect(majorityRedundancy(0, 3)).to.equal(3);
      // Two of the first two with 0.68, else a third.
      expect(majorityRedundancy(0.2, 2)).to.be.closeTo(2 * 0.68 + 3 * 0.32, 1e-12);
    });

    it("of spot checks are worst at 0.78 % for 50 jobs and 0.20 % for 200", function () {
      const rates = Array.from({ length: 1_000 }, (_unused, i) => (i + 1) / 1_000);
      const worst = (jobs: number): number => Math.max(...rates.map((s) => spotCheckError(0.1, s, 0.1, jobs)));

      expect([50, 200].map((jobs) => (worst(jobs) * 100).toFixed(2))).to.deep.equal(["0.78", "0.20"]);
    });

    it("of a worker bound what spot checks leave", function () {
      expect((1 - workerCredibility(0.2, 20, true)).toFixed(4)).to.equal("0.0046");
      expect((1 - workerCredibility(0.05, 100, true)).toFixed(5)).to.equal("0.00019");
      expect(workerCredibility(0.2, 0, true)).to.equal(0.8);
      expect(workerCredibility(0.2, 20, false)).to.equal(0.99);
    });

    it("of groups weigh two against none, and two against one", function () {
      const odds = oddsOf(0.8);
      const rounded = (groups: number[][]): string[] => groupCredibilities(groups).map((each) => each.toFixed(3));

      expect(rounded([[odds, odds]])).to.deep.equal(["0.941"]);
      expect(rounded([[odds, odds], [odds]])).to.deep.equal(["0.762", "0.190"]);
    });
  });

  describe("policies", function () {
    const share = ({ wrong, tasks }: { wrong: number; tasks: number }): number => wrong / tasks;
    /** Three standard deviations of a share. */
    const off = (expected: number, tasks = LIARS.tasks): number => 3 * Math.sqrt((expected * (1 - expected)) / tasks);

    for (const m of [2, 3]) {
      it(`majority voting errs and costs as its closed form says, where ${m} must agree`, function () {
        const outcome = majority(m)(LIARS, SEED);

        expect(share(outcome)).to.be.closeTo(majorityError(0.2, m), off(majorityError(0.2, m)));
        expect(outcome.executions / outcome.tasks).to.be.closeTo(majorityRedundancy(0.2, m), 0.05);
      });
    }

    it("majority voting is deceived by none that lie alone", function () {
      expect(majority(2)({ ...LIARS, manner: "alone" }, SEED).wrong).to.equal(0);
    });

    it("spot checks without voting err as their closed form says", function () {
      const outcome = credibility(1, 0.1)({ ...LIARS, workers: 200, lieRate: 0.2 }, SEED);
      const expected = spotCheckError(0.2, 0.2, 0.1, outcome.executions / 200);

      expect(share(outcome)).to.be.closeTo(expected, 0.01);
    });

    it("credibility throws away what a worker has answered that is caught", function () {
      // A single answer of a newcomer is credible enough.
      const outcome = credibility(0.3, 0.1)({ ...LIARS, workers: 40 }, SEED);

      expect(outcome.wrong).to.equal(0);
    });

    it("credibility errs no more often than it is told, whether who is caught comes back or not", function () {
      for (const [caught, lieRate] of [
        ["out", 0.1],
        ["back", 0.1],
        ["back", 1],
      ] as const) {
        const outcome = credibility(0.02, 0.1)({ ...LIARS, workers: 60, lieRate, caught }, SEED);

        expect(share(outcome)).to.be.lessThan(0.02);
      }
    });

    it("BOINC's replicates ten times, and then one in ten and fewer", function () {
      const [first, all] = [20, 4_000].map((tasks) => adaptiveReplication(2)({ ...HONEST, tasks }, SEED));

      expect(first!.executions).to.equal(40);
      expect(all!.executions / all!.tasks).to.be.within(1.02, 1.1);
    });

    it("Gridmill's asks two newcomers, and one worker with a record but for those that are watched", function () {
      const cost = (tasks: number, watch: number): number => gridmill({ watch })({ ...HONEST, tasks }, SEED).executions;

      expect(cost(50, 0)).to.equal(100);
      expect(cost(4_000, 0)).to.be.within(4_060, 4_100);
      expect(cost(4_000, 0.5) / 4_000).to.be.closeTo(1.5, 0.05);
    });

    it("Gridmill's gives no lease to who has lost its bond", function () {
      const small = { ...LIARS, workers: 20, tasks: 1_000 };
      const lost = (caught: Scenario["caught"]): number => {
        const { executions } = gridmill({ bond: 2 })({ ...small, caught }, SEED);
        return executions;
      };

      expect(lost("out")).to.be.lessThan(lost("back"));
    });

    it("are the same for the same seed, and no others", function () {
      const policy = gridmill();
      const small = { ...LIARS, workers: 30, tasks: 300 };

      expect(policy(small, 1)).to.deep.equal(policy(small, 1));
      expect(policy(small, 1)).to.not.deep.equal(policy(small, 2));
    });
  });

  it("decides as consensus does", function () {
    const vote = fc.record({ says: fc.integer({ min: 0, max: 3 }), weight: fc.bigInt({ min: 2n, max: 16n }) });
    fc.assert(
      fc.property(fc.array(vote, { maxLength: 5 }), fc.integer({ min: 2, max: 100 }), (votes, trust) => {
        const digest = (says: number): Hash => id(`${says}`) as Hash;
        const weighted = votes.map(({ says, weight }) => ({ digest: digest(says), weight }));
        const question = { trust, isWatched: false, votes };
        const agreed = agreedAnswer(question);

        expect(agreed === undefined ? undefined : digest(agreed)).to.equal(consensusOf(weighted, trust));
        expect(leasesFor(question, [5n, 2n]).wanted).to.equal(votesWanted(weighted, [5n, 2n], trust));
      }),
      { numRuns: 50 },
    );
  });

  it("moves scores and bonds as the hub does: gains first, then a third off for each vote that differed", function () {
    const standing = new Standing(4, 3, false);
    const settle = (says: readonly number[]): void => {
      says.forEach((_answer, worker) => standing.hold(worker));
      standing.settle([{ ballots: says.map((answer, worker) => ({ worker, says: answer })), answer: 0 }]);
    };
    for (let i = 0; i < 10; i++) settle([0, 0]);
    settle([0]);
    settle([0, 7, 0, 7]);

    expect([0, 1, 2, 3].map((worker) => standing.score(worker))).to.deep.equal([11, 6, 1, 0]);
    expect([0, 1, 2, 3].map((worker) => standing.freeCover(worker))).to.deep.equal([3, 2, 3, 2]);
    expect(standing.reliability(1)).to.be.closeTo(11 / 12, 1e-12);
  });

  it("has on its page the numbers that were kept", function () {
    const page = readFileSync(join(ROOT, "docs/credibility.md"), "utf8");
    const kept = readFileSync(join(ROOT, "bench/results/credibility.json"), "utf8");
    const tables = tablesOf(unpackedResults(JSON.parse(kept) as Parameters<typeof unpackedResults>[0]));

    expect(withTables(page, tables)).to.equal(page);
  });
});
