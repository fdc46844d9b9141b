import { expect } from "chai";
import { TypedDataEncoder } from "ethers";
import type { Result } from "ethers";
import fc from "fast-check";

import { BALLOT_TYPES, jointHashOf, leafOf, sealOf, votesHashOf } from "../../protocol/ballot.ts";
import { shortfalls } from "../../protocol/capabilities.ts";
import { consensusOf, isAccepted, rewardShare, voteWeight } from "../../protocol/consensus.ts";
import { BPS, BURN_BPS, MAX_VOTES_PER_TASK, POOL_STAKE_BPS } from "../../protocol/constants.ts";
import { packDeal } from "../../protocol/deal-words.ts";
import { dealDeadline, dealIdOf, taskIdOf, taskPrice } from "../../protocol/deal.ts";
import type { Deal } from "../../protocol/deal.ts";
import { ORDER_TYPES, orderHash } from "../../protocol/orders.ts";
import type { OrderByKind } from "../../protocol/orders.ts";
import { ZERO_HASH } from "../../protocol/primitives.ts";
import { encodeSettlement } from "../../protocol/settlement.ts";
import { RUNS, address, deal, hash, small, structOf, uint } from "./support/arbitraries.ts";
import { ethers, loadFixture } from "./support/chain.ts";
import { openMarketFixture } from "./support/market.ts";
import { POOL_PRICE, POOL_STAKE } from "./support/orders.ts";

async function deployHarnessFixture() {
  return { harness: await ethers.deployContract("ProtocolHarness") };
}

describe("protocol/ and contracts/ agree on", function () {
  describe("order hashes", function () {
    for (const kind of ["app", "dataset", "pool", "request"] as const) {
      it(`of ${kind} orders`, async function () {
        const { marketplace, orderDomain } = await loadFixture(openMarketFixture);
        const [fields] = Object.values(ORDER_TYPES[kind]);
        const onChain = (order: never): Promise<string> =>
          ({
            app: marketplace.hashAppOrder,
            dataset: marketplace.hashDatasetOrder,
            pool: marketplace.hashPoolOrder,
            request: marketplace.hashRequestOrder,
          })[kind](order);

        await fc.assert(
          fc.asyncProperty(structOf(fields!), async (order) => {
            const expected = orderHash(kind, order as unknown as OrderByKind[typeof kind], orderDomain);
            expect(await onChain(order as never)).to.equal(expected);
          }),
          RUNS,
        );
      });
    }
  });

  it("the id, deadline and price of a deal", async function () {
    const { harness } = await loadFixture(deployHarnessFixture);

    await fc.assert(
      fc.asyncProperty(deal, async (any) => {
        const packed = packDeal(any);
        expect(await harness.dealId(packed)).to.deep.equal([dealIdOf(any), dealIdOf(any)]);
        expect(await harness.deadline(packed)).to.equal(BigInt(dealDeadline(any)));
        expect(await harness.taskPrice(packed)).to.equal(taskPrice(any));
      }),
      RUNS,
    );
  });

  it("the words that a deal's narrow fields share", async function () {
    const { harness } = await loadFixture(deployHarnessFixture);

    await fc.assert(
      fc.asyncProperty(deal, async (any) => {
        const { assetPrices, poolMoney, terms } = packDeal(any);
        const packed = await harness.pack(any);
        const read = Object.entries<bigint>(((await harness.unpack(packDeal(any))) as unknown as Result).toObject());
        expect([packed.assetPrices, packed.poolMoney, packed.terms]).to.deep.equal([assetPrices, poolMoney, terms]);
        expect(read).to.have.lengthOf(13);
        for (const [field, value] of read) expect(value, field).to.equal(BigInt(any[field as keyof Deal]));
      }),
      RUNS,
    );
  });

  it("task ids, seals, vote hashes and leaves", async function () {
    const { harness } = await loadFixture(deployHarnessFixture);

    await fc.assert(
      fc.asyncProperty(address, hash, small(32), hash, hash, async (worker, dealId, index, digest, secret) => {
        const taskId = taskIdOf(dealId, index);
        const seal = sealOf(worker, taskId, digest, secret);
        const votes = [
          { taskId, seal },
          { taskId: digest, seal: secret },
        ];
        const votesHash = votesHashOf(votes);
        expect(await harness.taskId(dealId, index)).to.equal(taskId);
        expect(await harness.sealOf(worker, taskId, digest, secret)).to.equal(seal);
        expect(await harness.votesHashOf([taskId, digest], [seal, secret])).to.equal(votesHash);
        expect(await harness.leafOf(worker, votesHash)).to.equal(leafOf(worker, votesHash));
      }),
      RUNS,
    );
  });

  it("the joint hash of any number of leaves", async function () {
    const { harness } = await loadFixture(deployHarnessFixture);

    await fc.assert(
      fc.asyncProperty(fc.array(hash, { maxLength: 40 }), async (leaves) => {
        expect(await harness.jointHashOf(leaves)).to.equal(jointHashOf(leaves));
      }),
      RUNS,
    );
  });

  it("ballot hashes", async function () {
    const { harness } = await loadFixture(deployHarnessFixture);
    const ballot = fc.tuple(uint(256), small(8), uint(64), small(40), hash);

    await fc.assert(
      fc.asyncProperty(ballot, async ([pool, lane, epoch, sealBy, votesHash]) => {
        const expected = TypedDataEncoder.hashStruct("Ballot", BALLOT_TYPES, { pool, lane, epoch, sealBy, votesHash });
        expect(await harness.ballotStructHash(pool, lane, epoch, sealBy, votesHash)).to.equal(expected);
      }),
      RUNS,
    );
  });

  it("which capabilities cover which requirements", async function () {
    const { harness } = await loadFixture(deployHarnessFixture);

    await fc.assert(
      fc.asyncProperty(hash, hash, fc.nat({ max: 255 }), async (offered, wanted, bit) => {
        // Random words hardly ever cover each other: one that differs in a bit is the interesting neighbour.
        const near = ethers.toBeHex(BigInt(offered) ^ (1n << BigInt(bit)), 32) as typeof offered;
        for (const [offer, need] of [
          [offered, wanted],
          [offered, near],
          [near, offered],
          [offered, offered],
        ] as const) {
          expect(await harness.covers(offer, need)).to.equal(shortfalls(offer, need).length === 0);
        }
      }),
      RUNS,
    );
  });

  it("the weight of a vote and its share of the reward", async function () {
    const { harness } = await loadFixture(deployHarnessFixture);
    const scores = fc.oneof(
      fc.nat({ max: 400 }),
      small(32).map((score) => score % 2 ** 24),
    );

    await fc.assert(
      fc.asyncProperty(scores, fc.integer({ min: 2, max: 127 }), async (score, maxWeight) => {
        const weight = voteWeight(score, maxWeight);
        expect(await harness.weightOf(score, maxWeight)).to.equal(weight);
        expect(await harness.sharesOf(weight)).to.equal(rewardShare(weight));
      }),
      RUNS,
    );
  });

  it("which group is accepted, on both sides of the boundary", async function () {
    const { harness } = await loadFixture(deployHarnessFixture);

    await fc.assert(
      fc.asyncProperty(uint(190), fc.integer({ min: 2, max: 2 ** 32 - 1 }), async (others, trust) => {
        // group * trust > (group + rest) * (trust - 1) <=> group > rest * (trust - 1)
        const boundary = (others + 1n) * BigInt(trust - 1);
        for (const group of [boundary, boundary + 1n]) {
          const total = group + others + 1n;
          expect(isAccepted(group, total, trust)).to.equal(group > boundary);
          expect(await harness.isAccepted(group, total, trust)).to.equal(group > boundary);
        }
      }),
      RUNS,
    );
  });

  it("what a packed task decides, and how its votes roll", async function () {
    const { harness } = await loadFixture(deployHarnessFixture);
    const answers = [1, 2, 3].map((n) => ethers.id(`answer ${n}`) as typeof ZERO_HASH);
    const votes = fc.array(fc.record({ answer: fc.nat({ max: 2 }), score: fc.nat({ max: 60 }) }), {
      minLength: 1,
      maxLength: MAX_VOTES_PER_TASK,
    });

    await fc.assert(
      fc.asyncProperty(
        votes,
        fc.integer({ min: 2, max: 40 }),
        fc.integer({ min: 2, max: 20 }),
        async (cast, trust, maxWeight) => {
          const workers = cast.map((_vote, i) => ethers.toBeHex(i + 1, 20) as typeof ZERO_HASH);
          const settled = cast.map(({ answer }, i) => ({ worker: workers[i]!, digest: answers[answer]! }));
          const stream = encodeSettlement([{ dealId: ZERO_HASH, index: 0, votes: settled }], [ZERO_HASH], workers);

          const [decided, digest] = await harness.decide(
            stream,
            cast.map(({ score }) => score),
            trust,
            maxWeight,
          );

          const weighted = cast.map(({ answer, score }) => ({
            digest: answers[answer]!,
            weight: voteWeight(score, maxWeight),
          }));
          const expected = consensusOf(weighted, trust);
          expect(decided ? digest : undefined).to.equal(expected);
        },
      ),
      RUNS,
    );
  });

  it("an open and a sealed vote of a packed task", async function () {
    const { harness } = await loadFixture(deployHarnessFixture);
    const workers = [1, 2].map((n) => ethers.toBeHex(n, 20) as typeof ZERO_HASH);
    const [digest, seal] = [ethers.id("digest"), ethers.id("seal")] as [typeof ZERO_HASH, typeof ZERO_HASH];
    const votes = [
      { worker: workers[0]!, digest },
      { worker: workers[1]!, seal },
    ];

    const stream = encodeSettlement([{ dealId: ZERO_HASH, index: 0, votes }], [ZERO_HASH], workers);
    const [decided, , votesHashes] = await harness.decide(stream, [0, 0], 2, 16);

    expect(decided, "a sealed vote leaves the task open").to.equal(false);
    // The harness knows its voters as address zero, without secret.
    const open = sealOf(ethers.ZeroAddress as typeof ZERO_HASH, ZERO_HASH, digest, ZERO_HASH);
    expect(votesHashes).to.deep.equal([
      votesHashOf([{ taskId: ZERO_HASH, seal: open }]),
      votesHashOf([{ taskId: ZERO_HASH, seal }]),
    ]);
  });

  it("stake and burn", async function () {
    expect(POOL_STAKE).to.equal((POOL_PRICE * POOL_STAKE_BPS) / BPS);
    expect(BURN_BPS).to.equal(100n);
  });
});
