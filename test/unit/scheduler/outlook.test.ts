import { expect } from "chai";
import { id as hashOf } from "ethers";
import fc from "fast-check";

import { NO_RESOURCES, packResources } from "../../../protocol/capabilities.ts";
import type { Hash } from "../../../protocol/primitives.ts";
import { needsOf, outlookOf, votesMissing } from "../../../scheduler/domain/placement/outlook.ts";
import { place } from "../../../scheduler/domain/placement/placement.ts";
import type { Candidate, Demand } from "../../../scheduler/domain/placement/placement.ts";
import { leasesWanted } from "../../../scheduler/domain/votes/votes-needed.ts";
import { aCandidate, addressOf, aDeal, aTask, aVote, GENESIS } from "../../support/scheduler-records.ts";

const NEEDED = { ...NO_RESOURCES, cpuMillicores: 1_000, memoryMiB: 128 };
const demand: Demand = {
  requirements: aDeal().requirements,
  platform: "linux/amd64",
  sameMachineVotes: false,
  now: GENESIS,
};
const small = { capabilities: packResources({ ...NEEDED, memoryMiB: 64, diskMiB: 256, benchmark: 1_000 }) };

/** A task of trust 3 wants two newcomers. */
const task = aTask();
const asked = (candidates: readonly Candidate[], of = task, by = demand) => {
  const placement = place(of, by, candidates);
  return { ...outlookOf(of, placement), needed: needsOf(of, placement) };
};

describe("what is to be expected of a task", function () {
  const cases: readonly (readonly [string, string, readonly Candidate[]])[] = [
    ["next", "two workers are free", [aCandidate(1), aCandidate(2)]],
    ["next", "one worker is free that decides alone", [aCandidate(1, { weight: 16n })]],
    ["busy", "one of two is free only later", [aCandidate(1), aCandidate(2, { accepting: false })]],
    ["busy", "a bond is at risk elsewhere for now", [aCandidate(1), aCandidate(2, { freeCover: 0n })]],
    ["never", "one of two has too little memory", [aCandidate(1), aCandidate(2, small)]],
    [
      "never",
      "one of two has too little memory, and no slot either",
      [aCandidate(1), aCandidate(2, { ...small, accepting: false })],
    ],
    ["never", "a bond is too small for good", [aCandidate(1), aCandidate(2, { freeCover: 0n, cover: 999n })]],
    ["never", "both are on one machine", [aCandidate(1), aCandidate(2, { machine: aCandidate(1).machine })]],
    ["never", "there is only one", [aCandidate(1)]],
    ["never", "nobody is connected", []],
  ];
  for (const [outlook, given, candidates] of cases) {
    it(`is "${outlook}" when ${given}`, function () {
      const answer = asked(candidates);

      expect(answer.outlook).to.equal(outlook);
      expect(answer.needed.length > 0).to.equal(outlook !== "next");
    });
  }

  it(`is "leased" when its votes are on their way, and nothing is needed`, function () {
    const out = aTask({}, { votes: (id) => [1, 2].map((index) => aVote(id, addressOf(index), "running")) });

    expect(asked([], out)).to.deep.include({ outlook: "leased", needed: [] });
  });

  it("is what placement does: as many leases, of whoever is free", function () {
    const some = fc.record({
      weight: fc.bigInt({ min: 2n, max: 5n }),
      accepting: fc.boolean(),
      machine: fc.constantFrom("a", "b", "c").map((name) => hashOf(name) as Hash),
      freeCover: fc.constantFrom(0n, 10_000n),
    });
    fc.assert(
      fc.property(
        fc.array(some, { maxLength: 6 }),
        fc.constantFrom(2, 3, 9, 100),
        fc.boolean(),
        (changes, trust, same) => {
          const of = aTask({}, { deal: aDeal({ trust }) });
          const placement = place(
            of,
            { ...demand, sameMachineVotes: same },
            changes.map((change, index) => aCandidate(index, change)),
          );
          const wanted = leasesWanted(
            of,
            placement.ranked.map(({ weight }) => weight),
          );
          const { outlook } = outlookOf(of, placement);

          expect(outlook === "next").to.equal(wanted <= placement.ranked.length);
          if (outlook === "next") expect(votesMissing(of, placement)).to.equal(wanted);
          expect(needsOf(of, placement).length > 0).to.equal(outlook !== "next");
        },
      ),
    );
  });
});

describe("what a task would need", function () {
  it("is told in figures, what nobody has before what somebody has, and what passes last", function () {
    const requirements = packResources({ ...NEEDED, memoryMiB: 65_536, flags: ["gpuNvidia"] });
    const candidates = [
      aCandidate(1, { freeCover: 7n, cover: 8n }),
      aCandidate(2, { accepting: false }),
      aCandidate(3),
    ];

    const { needed } = asked(candidates, task, { ...demand, requirements });

    const of = { met: 0, of: 3, passes: false };
    expect(needed).to.deep.equal([
      { ...of, what: "workers that may vote on it", wanted: "2", best: "0" },
      { ...of, what: "gpuNvidia", wanted: "1", best: "0" },
      { ...of, what: "memoryMiB", wanted: "65536", best: "4096" },
      { ...of, what: "free bond", wanted: "1000", best: "7", met: 2 },
      { what: "an owner who lends it now", wanted: null, best: null, met: 2, of: 3, passes: true },
    ]);
  });

  it("names the best of several that have too little", function () {
    const tiny = { capabilities: packResources({ ...NEEDED, memoryMiB: 9, diskMiB: 256, benchmark: 1_000 }) };

    expect(asked([aCandidate(1, tiny), aCandidate(2, small)]).needed[1]).to.deep.include({ wanted: "128", best: "64" });
  });

  it("does not count who has voted already", function () {
    const voted = aTask({}, { votes: (id) => [aVote(id, addressOf(1), "computed")] });

    expect(asked([aCandidate(1), aCandidate(2, small)], voted).needed).to.deep.equal([
      { what: "workers that may vote on it", wanted: "1", best: "0", met: 0, of: 1, passes: false },
      { what: "memoryMiB", wanted: "128", best: "64", met: 0, of: 1, passes: false },
    ]);
  });
});
