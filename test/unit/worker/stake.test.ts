import { expect } from "chai";

import { BALLOT_OPEN_SECONDS, SETTLE_WINDOW_SECONDS } from "../../../protocol/constants.ts";
import { ZERO_HASH } from "../../../protocol/primitives.ts";
import type { LaneState } from "../../../worker/chain/worker-chain.ts";
import type { BallotRecord } from "../../../worker/journal/journal.ts";
import { ballotEnd, coverAt, stakeAtRisk, withinBudget } from "../../../worker/voting/stake.ts";
import { NOW, POOL } from "./fakes.ts";

const ballot = (changes: Partial<BallotRecord> = {}): BallotRecord => ({
  pool: POOL,
  lane: 0,
  epoch: 5,
  sealBy: NOW + 100,
  secret: ZERO_HASH,
  votesHash: ZERO_HASH,
  signature: "0x",
  votes: [{ taskId: ZERO_HASH, seal: ZERO_HASH, stake: 10n }],
  opened: false,
  ...changes,
});
const lane = (changes: Partial<LaneState>): LaneState => ({
  now: NOW,
  epoch: 4,
  jointHash: ZERO_HASH,
  sealedAt: NOW,
  settled: false,
  ...changes,
});

describe("stake", function () {
  describe("ballotEnd, given an epoch that is not sealed", function () {
    it("sees danger up to sealBy, the last second of a seal", function () {
      expect(ballotEnd(ballot(), lane({ now: NOW + 100 }))).to.equal(undefined);
    });

    it("sees none one second later", function () {
      expect(ballotEnd(ballot(), lane({ now: NOW + 101 }))).to.equal("expired");
    });
  });

  describe("ballotEnd, given a sealed epoch", function () {
    const sealed = (now: number, settled = false): LaneState => lane({ epoch: 5, now, settled });

    it("sees danger up to the end of the window, whatever sealBy says", function () {
      expect(ballotEnd(ballot(), sealed(NOW + SETTLE_WINDOW_SECONDS))).to.equal(undefined);
    });

    it("sees none one second later", function () {
      expect(ballotEnd(ballot(), sealed(NOW + SETTLE_WINDOW_SECONDS + 1))).to.equal("abandoned");
    });

    it("sees none once it is settled, or a later one sealed", function () {
      expect(ballotEnd(ballot(), sealed(NOW, true))).to.equal("settled");
      expect(ballotEnd(ballot(), lane({ epoch: 6 }))).to.equal("settled");
    });
  });

  it("counts every vote of every live ballot, and none of those that ended", function () {
    const two = [1n, 2n].map((stake) => ({ taskId: ZERO_HASH, seal: ZERO_HASH, stake }));

    expect(stakeAtRisk([ballot(), ballot({ votes: two }), ballot({ ended: "expired" })], [])).to.equal(13n);
  });

  describe("coverAt", function () {
    const last = NOW + BALLOT_OPEN_SECONDS + SETTLE_WINDOW_SECONDS;
    const bond = (readyAt: number) => ({ bonded: 5n, unbonding: 7n, readyAt, score: 0 });

    it("counts what is unbonding while it cannot leave before the last settle", function () {
      expect(coverAt(bond(last + 1), NOW)).to.equal(12n);
    });

    it("does not count what may leave in that second", function () {
      expect(coverAt(bond(last), NOW)).to.equal(5n);
    });
  });

  describe("withinBudget", function () {
    const votes = [4n, 5n, 1n, 0n].map((stake) => ({ stake }));
    const stakes = (budget: bigint): readonly bigint[] => withinBudget(votes, budget).map(({ stake }) => stake);

    it("takes all that just fits", function () {
      expect(stakes(10n)).to.deep.equal([4n, 5n, 1n, 0n]);
    });

    it("leaves out what does not and goes on with what still does", function () {
      expect(stakes(8n)).to.deep.equal([4n, 1n, 0n]);
      expect(stakes(0n)).to.deep.equal([0n]);
    });
  });
});
