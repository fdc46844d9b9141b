import { expect } from "chai";
import { id as hashOf } from "ethers";
import fc from "fast-check";

import { NO_RESOURCES, packResources } from "../../../protocol/capabilities.ts";
import { failDigest } from "../../../protocol/digest.ts";
import { ZERO_HASH } from "../../../protocol/primitives.ts";
import type { Hash } from "../../../protocol/primitives.ts";
import { explain, place } from "../../../scheduler/domain/placement/placement.ts";
import type { Candidate } from "../../../scheduler/domain/placement/placement.ts";
import type { Vote, VoteState } from "../../../scheduler/domain/votes/vote-state.ts";
import { aCandidate, addressOf, aDeal, aTask, aVote, GENESIS } from "../../support/scheduler-records.ts";

const FULL = { ...NO_RESOURCES, cpuMillicores: 4_000, memoryMiB: 4_096, diskMiB: 4_096, benchmark: 1_000 };
const task = aTask();
const demand = {
  requirements: aDeal().requirements,
  platform: "linux/amd64",
  sameMachineVotes: false,
  now: GENESIS,
};
const { limits } = task.terms;
const NO_LIMITS = { ...limits, cpuMillicores: 0, memoryMiB: 0, diskMiB: 0 };

const reasonFor = (candidate: Candidate, of = task): string | undefined =>
  place(of, demand, [candidate]).refused[0]?.exclusions[0]?.reason;
const ranking = (...candidates: readonly Candidate[]) =>
  place(task, demand, candidates).ranked.map(({ worker }) => worker);

describe("placement", function () {
  describe("who may take a lease", function () {
    it("takes a worker that has all it needs", function () {
      expect(reasonFor(aCandidate(1))).to.equal(undefined);
    });

    const refusals: readonly (readonly [string, Partial<Candidate>, Partial<Candidate>])[] = [
      ["takes no leases now", { accepting: false }, { accepting: true }],
      ["missed 10 leases in a row, and is out for a day", { grade: "out" }, { grade: "trusted" }],
      ["is in quarantine", { grade: "quarantined" }, { grade: "probation" }],
      ["all slots taken", { slots: 1, busy: [limits] }, { slots: 2, busy: [limits] }],
      ["bond too small", { freeCover: 999n }, { freeCover: 1_000n }],
      ["other platform", { platform: "linux/arm64" }, { platform: "linux/amd64" }],
      ["too slow to keep the deadline", capable({ benchmark: 399 }), capable({ benchmark: 400 })],
      ["too slow to keep the deadline, by what its tasks show", { speed: 399 }, { speed: 400 }],
      ["states no speed: its benchmark has not run", capable({ benchmark: 0 }), capable({ benchmark: 400 })],
      ["states a speed that no machine has", capable({ benchmark: 8_001 }), capable({ benchmark: 8_000 })],
      ["lacks cpuMillicores", capable({ cpuMillicores: 999 }), capable({ cpuMillicores: 1_000 })],
      ["lacks diskMiB", capable({ diskMiB: 255 }), capable({ diskMiB: 256 })],
      [
        "lacks free memoryMiB",
        { ...capable({ memoryMiB: 255 }), busy: [limits] },
        { ...capable({ memoryMiB: 256 }), busy: [limits] },
      ],
    ];
    for (const [reason, short, enough] of refusals) {
      it(`refuses "${reason}", and takes what is just enough`, function () {
        expect(reasonFor(aCandidate(1, short))).to.include(reason);
        expect(reasonFor(aCandidate(1, enough))).to.equal(undefined);
      });
    }

    it("takes of a worker on probation, beside a trusted one, two leases more than it has confirmed results", function () {
      const newcomer = (busy: number, confirmed: number): Candidate =>
        aCandidate(1, { grade: "probation", slots: 9, busy: Array.from({ length: busy }, () => NO_LIMITS), confirmed });
      const reasonBeside = (other: Candidate, it: Candidate): string | undefined =>
        place(task, demand, [it, other]).refused.find(({ worker }) => worker === it.worker)?.exclusions[0]?.reason;
      const trusted = aCandidate(2);

      expect(reasonBeside(trusted, newcomer(1, 0))).to.equal(undefined);
      expect(reasonBeside(trusted, newcomer(2, 0))).to.equal("has as many leases as its probation allows");
      expect(reasonBeside(trusted, newcomer(4, 3))).to.equal(undefined);
      expect(reasonBeside(trusted, newcomer(5, 3))).to.equal("has as many leases as its probation allows");
      expect(reasonBeside({ ...trusted, grade: "probation" }, newcomer(8, 0)), "a pool of newcomers").to.equal(
        undefined,
      );
      expect(reasonBeside({ ...trusted, accepting: false }, newcomer(8, 0)), "trusted, and away").to.equal(undefined);
    });

    it("refuses what lacks a flag that the deal requires", function () {
      const requirements = packResources({ ...NO_RESOURCES, flags: ["egress"] });

      const { refused } = place(task, { ...demand, requirements }, [aCandidate(1)]);

      expect(refused[0]?.exclusions[0]?.reason).to.include("egress");
    });

    const states: readonly VoteState[] = ["leased", "running", "computed", "balloted", "opened", "refused", "failed"];
    for (const state of states) {
      it(`refuses a worker whose vote for the task is ${state}`, function () {
        const voted = aTask({}, { votes: (id) => [aVote(id, addressOf(1), state)] });

        expect(reasonFor(aCandidate(1), voted)).to.equal("already votes on this task");
      });
    }

    it("wants a machine as fast as the one that was out of time, as far as a benchmark can tell", function () {
      const late = aTask({}, { votes: (id) => [aVote(id, addressOf(7), "computed", { of: failDigest("time") })] });

      expect(reasonFor(aCandidate(1, capable({ benchmark: 799 })), late)).to.include("no larger than the machine");
      expect(reasonFor(aCandidate(1, capable({ benchmark: 800 })), late)).to.equal(undefined);
    });

    it("lets a worker whose lease was lost try again", function () {
      expect(reasonFor(aCandidate(1), aTask({}, { votes: (id) => [aVote(id, addressOf(1), "lost")] }))).to.equal(
        undefined,
      );
    });
  });

  describe("whose machine has a vote", function () {
    const machine = hashOf("one machine") as Hash;
    const shared = { ...demand, sameMachineVotes: true };
    const beside = (state: VoteState) =>
      aTask({}, { votes: (id) => [aVote(id, addressOf(7), state, { machine, code: "GM_DISK_FULL" })] });

    for (const state of ["leased", "running", "computed", "balloted", "opened", "kept", "withheld"] as const) {
      it(`refuses a worker beside one whose vote is ${state}, unless the pool takes such votes`, function () {
        expect(reasonFor(aCandidate(1, { machine }), beside(state))).to.equal("its machine already votes on this task");
        expect(reasonFor(aCandidate(1), beside(state))).to.equal(undefined);
        expect(place(beside(state), shared, [aCandidate(1, { machine })]).refused).to.deep.equal([]);
      });
    }

    for (const state of ["lost", "refused", "failed"] as const) {
      it(`takes a worker beside one whose vote is ${state}`, function () {
        expect(reasonFor(aCandidate(1, { machine }), beside(state))).to.equal(undefined);
      });
    }

    it("takes one of those that could vote, the best, and names the others", function () {
      const candidates = [aCandidate(1, { machine, busy: [limits] }), aCandidate(2, { machine }), aCandidate(3)];

      const { ranked, refused } = place(task, demand, candidates);

      expect(ranked.map(({ worker }) => worker)).to.deep.equal([addressOf(2), addressOf(3)]);
      expect(
        refused.map(({ worker, exclusions }) => [worker, ...exclusions.map(({ reason }) => reason)]),
      ).to.deep.equal([[addressOf(1), "another worker of its machine comes first"]]);
      expect(place(task, shared, candidates).ranked).to.have.lengthOf(3);
    });

    it("knows the machine of a vote that was found again on chain as soon as its worker is back", function () {
      const found = aTask({}, { votes: (id) => [aVote(id, addressOf(7), "kept", { machine: ZERO_HASH })] });
      const back = aCandidate(7, { machine });

      const { refused } = place(found, demand, [back, aCandidate(1, { machine })]);

      expect(refused.map(({ exclusions }) => exclusions[0]!.reason)).to.deep.equal([
        "already votes on this task",
        "its machine already votes on this task",
      ]);
    });
  });

  describe("whose owner has a vote", function () {
    const owner = addressOf(70);
    const beside = (state: VoteState, voter: Partial<Vote> = { owner }) =>
      aTask({}, { votes: (id) => [aVote(id, addressOf(7), state, { ...voter, code: "GM_DISK_FULL" })] });
    const reason = "its owner already votes on this task";

    for (const state of ["leased", "running", "computed", "balloted", "opened", "kept", "withheld"] as const) {
      it(`refuses a worker of the owner of one whose vote is ${state}, unless the pool takes such votes`, function () {
        expect(reasonFor(aCandidate(1, { owner }), beside(state))).to.equal(reason);
        expect(reasonFor(aCandidate(1, { owner: addressOf(71) }), beside(state))).to.equal(undefined);
        expect(place(beside(state), { ...demand, sameMachineVotes: true }, [aCandidate(1, { owner })]).refused).to.be
          .empty;
      });
    }

    for (const state of ["lost", "refused", "failed"] as const) {
      it(`takes a worker of the owner of one whose vote is ${state}`, function () {
        expect(reasonFor(aCandidate(1, { owner }), beside(state))).to.equal(undefined);
      });
    }

    it("takes an account that is the owner of another for one of its workers, whichever of the two has voted", function () {
      expect(reasonFor(aCandidate(70), beside("computed")), "the owner votes itself").to.equal(reason);
      expect(reasonFor(aCandidate(1, { owner: addressOf(7) }), beside("computed", {})), "after the owner").to.equal(
        reason,
      );
    });

    it("takes one of those that could vote, the best, and names the others", function () {
      const candidates = [
        ...[aCandidate(1, { owner, busy: [limits] }), aCandidate(2, { owner }), aCandidate(3)],
        aCandidate(70, { busy: [limits] }),
      ];

      const { ranked, refused, inReach } = place(task, demand, candidates);

      expect(ranked.map(({ worker }) => worker)).to.deep.equal([addressOf(2), addressOf(3)]);
      expect(inReach).to.have.lengthOf(2);
      expect(
        refused.map(({ worker, exclusions }) => [worker, ...exclusions.map(({ reason }) => reason)]),
      ).to.deep.equal([1, 70].map((index) => [addressOf(index), "another worker of its owner comes first"]));
    });

    it("knows the owner of a vote that was found again on chain as soon as its worker is back", function () {
      const found = beside("kept", { machine: ZERO_HASH });

      const { refused } = place(found, demand, [aCandidate(7, { owner }), aCandidate(1, { owner })]);

      expect(refused.map(({ exclusions }) => exclusions[0]!.reason)).to.deep.equal([
        "already votes on this task",
        reason,
      ]);
    });
  });

  describe("in which order", function () {
    const best = aCandidate(1);
    const worse: readonly (readonly [string, Partial<Candidate>])[] = [
      ["busier", { busy: [limits] }],
      ["less reliable", { reliability: 0.9 }],
      ["slower", { capabilities: packResources({ ...FULL, benchmark: 999 }) }],
    ];
    for (const [how, changes] of worse) {
      it(`puts a ${how} worker last`, function () {
        expect(ranking(aCandidate(0, changes), best)).to.deep.equal([best.worker, addressOf(0)]);
      });
    }

    it("puts the one with the lower score last, and equals in the order of their addresses", function () {
      const known = aCandidate(2, { weight: 3n });

      expect(ranking(best, known, aCandidate(0))).to.deep.equal([known.worker, addressOf(0), best.worker]);
    });

    it("prefers a machine that the task is not on yet, even if it is busier, where one may vote twice", function () {
      const on = aCandidate(7);
      const voted = aTask({}, { votes: (id) => [aVote(id, addressOf(50), "running", { machine: on.machine })] });

      const shared = { ...demand, sameMachineVotes: true };
      const { ranked } = place(voted, shared, [on, aCandidate(8, { busy: [limits] })]);

      expect(ranked.map(({ worker }) => worker)).to.deep.equal([addressOf(8), addressOf(7)]);
    });

    it("does not depend on the order in which the workers are listed", function () {
      const some = fc.record({
        weight: fc.bigInt({ min: 2n, max: 5n }),
        reliability: fc.constantFrom(0.5, 1),
        busy: fc.constantFrom([], [limits]),
      });
      fc.assert(
        fc.property(fc.array(some, { maxLength: 8 }), fc.infiniteStream(fc.nat(1_000)), (changes, keys) => {
          const candidates = changes.map((change, index) => aCandidate(index, change));
          const shuffled = candidates
            .map((candidate) => ({ candidate, key: keys.next().value as number }))
            .sort((a, b) => a.key - b.key)
            .map(({ candidate }) => candidate);

          expect(ranking(...shuffled)).to.deep.equal(ranking(...candidates));
        }),
      );
    });
  });

  it("says why nobody takes it, counted by reason", function () {
    const few = place(task, demand, [
      aCandidate(1, { accepting: false }),
      aCandidate(2, { accepting: false }),
      aCandidate(3, { freeCover: 0n }),
    ]);

    expect(explain(few, 1)).to.equal("2 x takes no leases now, 1 x bond too small");
    expect(explain(place(task, demand, []), 1)).to.equal("no worker is connected");
    expect(explain(place(task, demand, [aCandidate(1)]), 2)).to.equal("more workers than are connected");
  });
});

function capable(changes: Partial<typeof FULL>): Partial<Candidate> {
  return { capabilities: packResources({ ...FULL, ...changes }) };
}
