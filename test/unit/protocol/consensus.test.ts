import { expect } from "chai";
import fc from "fast-check";

import {
  consensusOf,
  groupWeights,
  isAccepted,
  rewardShare,
  votesWanted,
  voteWeight,
} from "../../../protocol/consensus.ts";
import type { WeightedVote } from "../../../protocol/consensus.ts";
import type { Hash } from "../../../protocol/primitives.ts";
import { word } from "./arbitraries.ts";

const [A, B, C] = [word(1), word(2), word(3)] as const;
const NEWCOMER = 2n;
const someWeight = fc.bigInt({ min: 2n, max: 127n });
const someTrust = fc.oneof(fc.integer({ min: 2, max: 40 }), fc.integer({ min: 2, max: 2 ** 32 - 1 }));
const someVotes = fc.array(fc.record({ digest: fc.constantFrom(A, B, C), weight: someWeight }), { maxLength: 8 });

const agreeing = (digest: Hash, weights: readonly bigint[]): readonly WeightedVote[] =>
  weights.map((weight) => ({ digest, weight }));

describe("consensus", function () {
  describe("the weight of a vote", function () {
    it("is 2 for a newcomer, grows by one every three points, and stops at the deal's most", function () {
      const table = [
        [0, 2],
        [11, 2],
        [12, 3],
        [14, 3],
        [15, 4],
        [50, 15],
        [51, 16],
        [54, 16],
        [2 ** 24 - 1, 16],
      ] as const;

      for (const [score, weight] of table) expect(voteWeight(score, 16), `${score}`).to.equal(BigInt(weight));
    });

    it("is never more than the deal allows, and 2 for everybody where it allows no more", function () {
      fc.assert(
        fc.property(fc.nat({ max: 2 ** 24 - 1 }), fc.integer({ min: 2, max: 127 }), (score, maxWeight) => {
          const weight = voteWeight(score, maxWeight);
          expect(weight >= 2n && weight <= BigInt(maxWeight)).to.equal(true);
          expect(voteWeight(score, 2)).to.equal(2n);
        }),
      );
      expect([voteWeight(383, 127), voteWeight(384, 127)]).to.deep.equal([126n, 127n]);
    });

    it("never falls when the score grows", function () {
      fc.assert(fc.property(fc.nat({ max: 1_000 }), (score) => voteWeight(score + 1, 127) >= voteWeight(score, 127)));
    });
  });

  it("a group weighs the product of its votes", function () {
    const votes = [...agreeing(A, [2n, 3n, 5n]), ...agreeing(B, [7n])];

    expect([...groupWeights(votes)]).to.deep.equal([
      [A, 30n],
      [B, 7n],
    ]);
    expect(groupWeights([]).size).to.equal(0);
  });

  describe("given newcomers who agree", function () {
    for (const [trust, needed] of [
      [2, 1],
      [3, 2],
      [5, 3],
      [10, 4],
      [100, 7],
      [1_000_000, 20],
    ] as const) {
      it(`trust ${trust} takes ${needed}, and one fewer does not do`, function () {
        const crowd = Array<bigint>(32).fill(NEWCOMER);

        expect(consensusOf(agreeing(A, crowd.slice(0, needed)), trust)).to.equal(A);
        expect(consensusOf(agreeing(A, crowd.slice(0, needed - 1)), trust)).to.equal(undefined);
        expect(votesWanted([], crowd, trust)).to.equal(needed);
      });
    }
  });

  describe("acceptance", function () {
    it("wants strictly more than trust asks for", function () {
      // Alone, a group of weight g is accepted iff g > trust - 1.
      expect(isAccepted(4n, 5n, 5)).to.equal(false);
      expect(isAccepted(5n, 6n, 5)).to.equal(true);
      expect(isAccepted(4n, 5n, 4)).to.equal(true);
    });

    it("is: heavier than trust - 1 times all else together, nobody's vote counting as one", function () {
      fc.assert(
        fc.property(someVotes, someTrust, (votes, trust) => {
          const groups = [...groupWeights(votes)];
          const expected = groups.find(([digest, weight]) => {
            const others = groups.filter(([other]) => other !== digest).reduce((sum, [, each]) => sum + each, 1n);
            return weight > BigInt(trust - 1) * others;
          });
          expect(consensusOf(votes, trust)).to.equal(expected?.[0]);
        }),
      );
    });

    it("is of one answer at most", function () {
      fc.assert(
        fc.property(fc.array(fc.bigInt({ min: 1n, max: 2n ** 200n }), { maxLength: 8 }), someTrust, (groups, trust) => {
          const total = groups.reduce((sum, weight) => sum + weight, 1n);
          expect(groups.filter((weight) => isAccepted(weight, total, trust)).length).to.be.at.most(1);
        }),
      );
    });

    it("does not depend on the order of the votes", function () {
      const shuffled = someVotes.chain((votes) =>
        fc.tuple(fc.constant(votes), fc.shuffledSubarray(votes, { minLength: votes.length })),
      );
      fc.assert(
        fc.property(shuffled, someTrust, ([votes, others], trust) => {
          expect(consensusOf(others, trust)).to.equal(consensusOf(votes, trust));
        }),
      );
    });

    it("is not to be had without a vote, nor between two that are equal", function () {
      expect(consensusOf([], 2)).to.equal(undefined);
      expect(consensusOf([...agreeing(A, [100n]), ...agreeing(B, [100n])], 2)).to.equal(undefined);
    });

    it("holds with the largest numbers there can be: 32 votes of 127 at the highest trust", function () {
      expect(consensusOf(agreeing(A, Array<bigint>(32).fill(127n)), 2 ** 32 - 1)).to.equal(A);
      expect(127n ** 32n * 2n ** 32n < 2n ** 256n).to.equal(true);
    });
  });

  describe("votesWanted", function () {
    /** Tries every answer, a new one included, for the next workers to agree on. */
    function bruteForce(votes: readonly WeightedVote[], candidates: readonly bigint[], trust: number): number {
      for (let wanted = 0; wanted <= candidates.length; wanted++) {
        const next = candidates.slice(0, wanted);
        if ([A, B, C, word(4)].some((answer) => consensusOf([...votes, ...agreeing(answer, next)], trust))) {
          return wanted;
        }
      }
      return candidates.length + 1;
    }

    it("is what trying every answer finds", function () {
      fc.assert(
        fc.property(someVotes, fc.array(someWeight, { maxLength: 10 }), someTrust, (votes, candidates, trust) => {
          expect(votesWanted(votes, candidates, trust)).to.equal(bruteForce(votes, candidates, trust));
        }),
        { numRuns: 300 },
      );
    });

    it("is 0 with consensus, and one more than there are when all are too few", function () {
      expect(votesWanted(agreeing(A, [2n, 2n]), [2n], 3)).to.equal(0);
      expect(votesWanted([], [2n, 2n], 1_000)).to.equal(3);
      expect(votesWanted([], [], 2)).to.equal(1);
    });
  });

  describe("rewardShare", function () {
    it("is the base-two logarithm of the weight, rounded down", function () {
      expect([1n, 2n, 3n, 4n, 7n, 8n, 16n, 127n].map(rewardShare)).to.deep.equal([0n, 1n, 1n, 2n, 2n, 3n, 4n, 6n]);
      fc.assert(
        fc.property(fc.bigInt({ min: 1n, max: 127n }), (weight) => {
          const share = rewardShare(weight);
          expect(2n ** share <= weight && weight < 2n ** (share + 1n)).to.equal(true);
        }),
      );
    });

    it("is at least one for every vote that counts", function () {
      fc.assert(fc.property(fc.nat({ max: 5_000 }), (score) => rewardShare(voteWeight(score, 127)) >= 1n));
    });
  });
});
