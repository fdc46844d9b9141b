import { expect } from "chai";
import { concat, toBeHex } from "ethers";

import type { Hash, Hex } from "../../protocol/primitives.ts";
import { ethers, loadFixture } from "./support/chain.ts";
import { openMarketFixture } from "./support/market.ts";
import { openDeal } from "./support/orders.ts";
import { RIGHT, WRONG, agreeing, roundOf, seal, settle } from "./support/round.ts";
import type { Round } from "./support/round.ts";

type RawVote = { readonly ballot: number; readonly group: number; readonly seal?: Hash };
type RawTask = {
  readonly deal?: number;
  readonly index?: number;
  readonly digests?: readonly Hash[];
  readonly kept?: readonly RawVote[];
  readonly votes?: readonly RawVote[];
};

const [LOW, HIGH] = [RIGHT, WRONG].sort() as [Hash, Hash];

/** Packs tasks as they are given, sense or not. */
function pack(...tasks: readonly RawTask[]): Hex {
  const vote = ({ ballot, group, seal: sealedVote }: RawVote): string =>
    concat([toBeHex(ballot, 2), toBeHex(group, 1), sealedVote ?? "0x"]);
  const task = ({ deal = 0, index = 0, digests = [], kept = [], votes = [] }: RawTask): string =>
    concat([
      toBeHex(deal, 2),
      toBeHex(index, 4),
      toBeHex(digests.length, 1),
      toBeHex(kept.length, 1),
      toBeHex(votes.length, 1),
      ...digests,
      ...[...kept, ...votes].map(vote),
    ]);
  return concat(tasks.map(task)) as Hex;
}

/** Two votes for the first of two tasks are sealed. */
async function sealedFixture() {
  const market = await openMarketFixture();
  const opened = await openDeal(market, { request: { volume: 2 } });
  const round = await roundOf(market, agreeing(market.workers.slice(0, 2), opened));
  await seal(market, round);
  return { market, opened, round };
}

describe("Hub: the tasks of a settle", function () {
  const rejects = (
    what: string,
    tasks: Hex,
    error: string,
    args: readonly unknown[],
    change: Partial<Round> = {},
  ): void => {
    it(`rejects ${what}`, async function () {
      const { market, round } = await loadFixture(sealedFixture);

      await expect(settle(market, { ...round, tasks, ...change }))
        .to.be.revertedWithCustomError(market.hub, error)
        .withArgs(...args);
    });
  };

  rejects("a stream that ends within a header", "0x0000000000000001", "HubStreamTruncated", [8n]);
  rejects(
    "a stream that ends within the digests",
    pack({ digests: [LOW], votes: [{ ballot: 0, group: 0 }] }).slice(0, 60) as Hex,
    "HubStreamTruncated",
    [29n],
  );
  rejects(
    "a stream that ends within a vote",
    pack({ digests: [LOW], votes: [{ ballot: 0, group: 0 }] }).slice(0, -2) as Hex,
    "HubStreamTruncated",
    [43n],
  );
  rejects(
    "a stream that ends within a seal",
    pack({ votes: [{ ballot: 0, group: 255, seal: LOW }] }).slice(0, -2) as Hex,
    "HubStreamTruncated",
    [43n],
  );
  rejects(
    "more than 32 votes",
    pack({ votes: Array.from({ length: 33 }, () => ({ ballot: 0, group: 0 })) }),
    "HubTaskMalformed",
    [0n, 33n],
  );
  rejects("more groups than votes", pack({ digests: [LOW], votes: [] }), "HubTaskMalformed", [1n, 0n]);
  rejects(
    "digests out of order",
    pack({ digests: [HIGH, LOW], votes: [0, 1].map((ballot) => ({ ballot, group: 0 })) }),
    "HubDigestsUnsorted",
    [LOW],
  );
  rejects(
    "a digest twice, which would split its votes",
    pack({ digests: [LOW, LOW], votes: [0, 1].map((ballot) => ({ ballot, group: ballot })) }),
    "HubDigestsUnsorted",
    [LOW],
  );
  for (const group of [1, 127, 129, 254]) {
    const kept = [{ ballot: 0, group, seal: LOW }];
    rejects(`a kept vote of group ${group}, which is not there`, pack({ digests: [LOW], kept }), "HubGroupUnknown", [
      BigInt(group % 128),
    ]);
  }
  rejects(
    "a kept vote of a ballot that is not there",
    pack({ kept: [{ ballot: 2, group: 255, seal: LOW }] }),
    "HubBallotUnknown",
    [2n],
  );
  rejects("a group that is not there", pack({ digests: [LOW], votes: [{ ballot: 0, group: 1 }] }), "HubGroupUnknown", [
    1n,
  ]);
  rejects(
    "a ballot that is not there",
    pack({ digests: [LOW], votes: [{ ballot: 2, group: 0 }] }),
    "HubBallotUnknown",
    [2n],
  );
  rejects(
    "a worker's second vote for a task",
    pack({ digests: [LOW], votes: [0, 0].map((ballot) => ({ ballot, group: 0 })) }),
    "HubVotesUnsorted",
    [0n],
  );
  rejects(
    "votes out of order",
    pack({ digests: [LOW], votes: [1, 0].map((ballot) => ({ ballot, group: 0 })) }),
    "HubVotesUnsorted",
    [0n],
  );
  rejects("a task twice", pack({ index: 1 }, { index: 1 }), "HubTasksUnsorted", [0n, 1n]);
  rejects("tasks out of order", pack({ index: 1 }, { index: 0 }), "HubTasksUnsorted", [0n, 0n]);
  rejects("a deal that is not there", pack({ deal: 1 }), "HubDealUnknown", [1n]);

  it("takes a group without a vote for one that weighs nothing", async function () {
    const { market, opened, round } = await loadFixture(sealedFixture);
    const group = LOW === RIGHT ? 0 : 1;
    const tasks = pack({ digests: [LOW, HIGH], votes: [0, 1].map((ballot) => ({ ballot, group })) });

    await expect(settle(market, { ...round, tasks }))
      .to.emit(market.hub, "TaskSettled")
      .withArgs(opened.dealId, 0n, RIGHT);
  });

  it("rejects an index beyond the deal, and takes its last one", async function () {
    const { market, opened, round } = await loadFixture(sealedFixture);

    await expect(settle(market, { ...round, tasks: pack({ index: 2 }) }))
      .to.be.revertedWithCustomError(market.hub, "HubIndexTooHigh")
      .withArgs(opened.dealId, 2n, 2n);
    const last: Hex = `${round.tasks}${pack({ index: 1 }).slice(2)}`;
    await expect(settle(market, { ...round, tasks: last })).to.emit(market.hub, "TaskKept");
  });

  it("rejects a deal of another lane or pool, open or not", async function () {
    const { market, opened, round } = await loadFixture(sealedFixture);

    for (const change of [{ lane: 1 }, { pool: 2n }]) {
      const deal = { ...opened.deal, ...change };
      await expect(settle(market, { ...round, deals: [deal] }))
        .to.be.revertedWithCustomError(market.hub, "HubWrongLane")
        .withArgs(deal.pool, deal.lane);
    }
  });

  it("rejects deals out of order, or twice", async function () {
    const { market, opened, round } = await loadFixture(sealedFixture);
    const other = await openDeal(market);
    const [low, high] = [opened, other].sort((a, b) => (BigInt(a.dealId) < BigInt(b.dealId) ? -1 : 1));
    const tasks = pack({ deal: 0 }, { deal: 1 });

    for (const second of [low!, high!]) {
      await expect(settle(market, { ...round, tasks, deals: [high!.deal, second.deal] }))
        .to.be.revertedWithCustomError(market.hub, "HubDealsUnsorted")
        .withArgs(second.dealId);
    }
  });

  it("rejects a vote whose digest is not the sealed one", async function () {
    const { market, round } = await loadFixture(sealedFixture);
    const tasks = pack({ digests: [WRONG], votes: [0, 1].map((ballot) => ({ ballot, group: 0 })) });

    await expect(settle(market, { ...round, tasks })).to.be.revertedWithCustomError(market.hub, "HubBallotSignature");
  });

  it("rejects a vote that was not sealed", async function () {
    const { market, round } = await loadFixture(sealedFixture);
    const extra = pack({ index: 1, digests: [RIGHT], votes: [{ ballot: 0, group: 0 }] });

    await expect(settle(market, { ...round, tasks: `${round.tasks}${extra.slice(2)}` })).to.be.revertedWithCustomError(
      market.hub,
      "HubBallotSignature",
    );
  });

  it("rejects an opening with another secret", async function () {
    const { market, round } = await loadFixture(sealedFixture);
    const [first, second] = round.ballots;

    await expect(
      settle(market, { ...round, ballots: [{ ...first!, secret: LOW }, second!] }),
    ).to.be.revertedWithCustomError(market.hub, "HubBallotSignature");
  });

  it("counts 32 votes of the greatest weight without overflow", async function () {
    const harness = await ethers.deployContract("ProtocolHarness");
    const votes = Array.from({ length: 32 }, (_unused, ballot) => ({ ballot, group: 0 }));
    const scores = votes.map(() => 2 ** 24 - 1);

    const [decided, digest] = await harness.decide(pack({ digests: [LOW], votes }), scores, 2 ** 32 - 1, 127);

    expect(decided).to.equal(true);
    expect(digest).to.equal(LOW);
  });
});
