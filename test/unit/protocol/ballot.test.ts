import { expect } from "chai";
import { concat, id, keccak256, toBeHex, zeroPadValue } from "ethers";
import fc from "fast-check";

import { ballotHash, jointHashOf, leafOf, sealOf, tagOf, votesHashOf } from "../../../protocol/ballot.ts";
import type { Ballot } from "../../../protocol/ballot.ts";
import { signingDomain } from "../../../protocol/orders.ts";
import { ZERO_HASH } from "../../../protocol/primitives.ts";
import { account, someAddress, someHash, word } from "./arbitraries.ts";
import { changed } from "./changed.ts";
import { eip712 } from "./eip712.ts";

/** `keccak256(abi.encode(…))` of words, done by hand. */
const hashOfWords = (...words: readonly string[]): string =>
  keccak256(concat(words.map((one) => zeroPadValue(one, 32))));

const someVote = fc.record({ taskId: someHash, seal: someHash });

describe("ballots", function () {
  it("a seal hides worker, task, digest and secret in one hash", function () {
    fc.assert(
      fc.property(someAddress, someHash, someHash, someHash, (worker, taskId, digest, secret) => {
        expect(sealOf(worker, taskId, digest, secret)).to.equal(hashOfWords(worker, taskId, digest, secret));
      }),
    );
  });

  it("a seal is another for another worker, task, digest or secret", function () {
    const seals = [
      sealOf(account(1), word(2), word(3), word(4)),
      sealOf(account(9), word(2), word(3), word(4)),
      sealOf(account(1), word(9), word(3), word(4)),
      sealOf(account(1), word(2), word(9), word(4)),
      sealOf(account(1), word(2), word(3), word(9)),
    ];

    expect(new Set(seals).size).to.equal(5);
  });

  it("a tag tells the scheduler which answers are equal, within one task only", function () {
    expect(tagOf(word(1), word(7))).to.equal(hashOfWords(word(1), word(7)));
    expect(tagOf(word(1), word(7))).to.not.equal(tagOf(word(2), word(7)));
    expect(tagOf(word(1), word(7))).to.not.equal(tagOf(word(1), word(8)));
  });

  describe("votesHashOf", function () {
    it("starts at zero and rolls over each vote", function () {
      const [first, second] = [
        { taskId: word(1), seal: word(2) },
        { taskId: word(3), seal: word(4) },
      ];
      const once = hashOfWords(ZERO_HASH, word(1), word(2));

      expect(votesHashOf([])).to.equal(ZERO_HASH);
      expect(votesHashOf([first])).to.equal(once);
      expect(votesHashOf([first, second])).to.equal(hashOfWords(once, word(3), word(4)));
    });

    it("depends on the order of the votes", function () {
      fc.assert(
        fc.property(
          fc.uniqueArray(someVote, { minLength: 2, maxLength: 6, selector: (vote) => vote.taskId }),
          (votes) => {
            expect(votesHashOf([...votes].reverse())).to.not.equal(votesHashOf(votes));
          },
        ),
      );
    });

    it("is another with one vote less", function () {
      fc.assert(
        fc.property(fc.array(someVote, { minLength: 1, maxLength: 6 }), (votes) => {
          expect(votesHashOf(votes.slice(1))).to.not.equal(votesHashOf(votes));
          expect(votesHashOf(votes.slice(0, -1))).to.not.equal(votesHashOf(votes));
        }),
      );
    });
  });

  it("a leaf binds a worker to its votes", function () {
    expect(leafOf(account(5), word(6))).to.equal(hashOfWords(account(5), word(6)));
    expect(leafOf(account(5), word(6))).to.not.equal(leafOf(account(6), word(6)));
  });

  it("the joint hash is over all leaves, one after the other", function () {
    expect(jointHashOf([])).to.equal(keccak256("0x"));
    expect(jointHashOf([word(1)])).to.equal(keccak256(word(1)));
    expect(jointHashOf([word(1), word(2)])).to.equal(keccak256(concat([word(1), word(2)])));
    expect(jointHashOf([word(2), word(1)])).to.not.equal(jointHashOf([word(1), word(2)]));
  });

  describe("ballotHash", function () {
    const ballot: Ballot = { pool: 1n, lane: 2, epoch: 3, sealBy: 4, votesHash: word(5) };
    const domain = signingDomain(31_337n, account(0x4b));

    it("is the EIP-712 digest, for the hub, of pool, lane, epoch, latest seal and votes", function () {
      const type = "Ballot(uint256 pool,uint8 lane,uint64 epoch,uint40 sealBy,bytes32 votesHash)";
      const struct = keccak256(concat([id(type), ...[1, 2, 3, 4, 5].map((value) => toBeHex(value, 32))]));

      expect(ballotHash(ballot, domain)).to.equal(eip712(domain, struct));
    });

    it("changes with every field, chain and hub", function () {
      const fields = Object.keys(ballot) as (keyof Ballot)[];
      const hashes = [
        ballotHash(ballot, domain),
        ...fields.map((field) => ballotHash(changed(ballot, field), domain)),
        ballotHash(ballot, signingDomain(1n, account(0x4b))),
        ballotHash(ballot, signingDomain(31_337n, account(0x4c))),
      ];

      expect(new Set(hashes).size).to.equal(8);
    });
  });
});
