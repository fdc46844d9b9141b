import { expect } from "chai";

import { ChainUnreachableError } from "../../chain/errors.ts";
import { SETTLE_WINDOW_SECONDS } from "../../protocol/constants.ts";
import { dealDeadline, dealIdOf } from "../../protocol/deal.ts";
import type { Deal } from "../../protocol/deal.ts";
import { digestOf } from "../../protocol/digest.ts";
import { verifyResult } from "../../scheduler/blobs/verify-result.ts";
import { withRedis } from "../support/parts.ts";
import { firstOf, PARAMS } from "../support/scheduler-records.ts";
import { HONEST, WRONG } from "../support/scheduler-worker.ts";
import { SchedulerWorld } from "../support/scheduler-world.ts";

describe("a pool, from deal to payment", function () {
  const redis = withRedis();
  let world: SchedulerWorld;
  beforeEach(async function () {
    world = await SchedulerWorld.open(redis().url);
  });
  afterEach(() => world[Symbol.asyncDispose]());

  it("settles a deal of three tasks with two workers that agree", async function () {
    const workers = [await world.connect(1), await world.connect(2)];
    const deal = world.openDeal({ volume: 3 });

    await world.drive("all three settled", world.isSettled(deal));
    await world.settleDown();

    const task = await world.pool.tasks.get(firstOf(deal));
    expect(task).to.include({ state: "settled", digest: digestOf(HONEST) });
    expect(task!.votes.map(({ state }) => state)).to.deep.equal(["agree", "agree"]);
    expect(task!.result).to.match(/^[0-9a-f]{64}$/);
    expect((await world.pool.deals.get(dealIdOf(deal)))!.stage).to.equal("closed");
    for (const worker of workers) {
      expect(worker.heard.filter(({ type }) => type === "settled")).to.have.lengthOf(3);
      expect(await world.pool.tasks.loadOf(worker.address)).to.deep.equal({
        working: [],
        atRisk: { votes: 0, stake: 0n },
      });
    }
  });

  it("asks the chain whether a deal is over when its last task is, and not for each", async function () {
    await using small = await SchedulerWorld.open(redis().url, { GRIDMILL_EPOCH_TASKS: "4" });
    let asked = 0;
    const { chain } = small.pool;
    const dealIsOpen: typeof chain.dealIsOpen = (dealId) => (asked++, chain.dealIsOpen(dealId));
    small.pool = { ...small.pool, chain: { ...chain, dealIsOpen } };
    for (const index of [1, 2]) await small.connect(index);
    const deal = small.openDeal({ volume: 12 });

    await small.drive("all settled", small.isSettled(deal));
    await small.settleDown();

    expect((await small.pool.deals.get(dealIdOf(deal)))!.stage).to.equal("closed");
    // Its own receipt and the event may both come to that.
    expect(asked).to.be.within(1, 2);
  });

  describe("when workers do not do as they should", function () {
    const settledBy = async (deal: Deal, seconds?: number) => {
      await world.drive("settled", world.isSettled(deal), seconds);
      await world.settleDown();
      const task = (await world.pool.tasks.get(firstOf(deal)))!;
      return Object.fromEntries(task.votes.map(({ worker, state }) => [worker, state]));
    };

    it("asks others when two disagree, and counts who was right", async function () {
      const liar = await world.connect(1, { text: WRONG });
      const others = [await world.connect(2)];
      const deal = world.openDeal();
      await world.settleDown();
      for (const index of [3, 4]) others.push(await world.connect(index));

      const votes = await settledBy(deal);

      expect(votes[liar.address]).to.equal("differ");
      expect(others.map(({ address }) => votes[address])).to.deep.equal(["agree", "agree", "agree"]);
      expect((await world.pool.workers.conduct(liar.address)).reputation).to.include({ success: 0, disagreed: 1 });
    });

    it("gives the lease of a worker that fell silent to another", async function () {
      const silent = await world.connect(1, { silentAt: "accept" });
      await world.connect(2);
      const deal = world.openDeal();
      await world.settleDown();
      const other = await world.connect(3);
      await world.settleDown();

      expect((await world.pool.tasks.get(firstOf(deal)))!.votes).to.have.lengthOf(2);
      await world.pool.workers.gone(silent.address);
      await world.runOutLeases();
      const votes = await settledBy(deal);

      expect(votes[silent.address]).to.equal("lost");
      expect(votes[other.address]).to.equal("agree");
    });

    for (const after of ["lease", "accept"] as const) {
      it(`gives a lease that was refused after ${after} to another`, async function () {
        const picky = await world.connect(1, { refuses: { code: "GM_IMAGE_NOT_ALLOWED", after } });
        await world.connect(2);
        await world.connect(3);

        const votes = await settledBy(world.openDeal());

        expect(votes[picky.address]).to.equal(after === "lease" ? "refused" : "failed");
      });
    }

    it("does without a worker that sends no ballot", async function () {
      const silent = await world.connect(1, { silentAt: "ballot" });
      await world.connect(2);
      const deal = world.openDeal();
      await world.settleDown();
      await world.connect(3);

      const votes = await settledBy(deal);

      expect(votes[silent.address]).to.equal("lost");
    });

    it("asks others when nobody sends a ballot, and seals nothing", async function () {
      const silent = [await world.connect(1, { silentAt: "ballot" }), await world.connect(2, { silentAt: "ballot" })];
      const deal = world.openDeal();
      await world.settleDown();
      for (const index of [3, 4]) await world.connect(index);

      const votes = await settledBy(deal);

      expect(silent.map(({ address }) => votes[address])).to.deep.equal(["lost", "lost"]);
      expect(world.hub.lastEpoch(0).epoch).to.equal(1);
    });

    it("leaves a task open whose vote was not opened, and settles it with another once that vote is withheld", async function () {
      const silent = await world.connect(1, { silentAt: "open" });
      await world.connect(2);
      const deal = world.openDeal();
      await world.drive(
        "the first epoch closed",
        () => world.hub.lastEpoch(0).settled && world.hub.lastEpoch(0).epoch === 1,
      );
      expect(world.hub.settled.size).to.equal(0);
      await world.connect(3);
      await world.pool.workers.gone(silent.address);

      const votes = await settledBy(deal, 1_200);

      expect(votes[silent.address]).to.equal("withheld");
      expect(world.hub.lastEpoch(0).epoch).to.equal(2);
    });

    it("asks the next worker when an output is not what was voted for", async function () {
      const workers = [await world.connect(1, { corrupt: true }), await world.connect(2)];
      const deal = world.openDeal();

      await settledBy(deal);

      const asked = workers.map(({ heard }) => heard.filter(({ type }) => type === "upload?").length);
      const task = (await world.pool.tasks.get(firstOf(deal)))!;
      expect(task.result).to.not.equal(undefined);
      expect(asked[1]).to.equal(1);
      const { stream } = await world.pool.blobs.read(task.result!);
      await verifyResult(stream, digestOf(HONEST), "folder");
    });

    it("pays nothing for an output that nobody delivers, and goes on when somebody can", async function () {
      const workers = [await world.connect(1, { silentAt: "upload" }), await world.connect(2, { silentAt: "upload" })];
      const deal = world.openDeal();

      await world.drive(
        "an epoch was closed",
        () => world.hub.lastEpoch(0).epoch === 1 && world.hub.lastEpoch(0).settled,
      );
      await world.settleDown();

      expect(world.hub.settled.size).to.equal(0);
      expect(await world.stateOf(firstOf(deal))).to.not.equal("settled");
      for (const worker of workers) worker.manners = {};
      await settledBy(deal);
    });
  });

  describe("when an epoch cannot be settled", function () {
    it("gives it up after its window, and settles its tasks in the next", async function () {
      await world.connect(1);
      await world.connect(2);
      const deal = world.openDeal({ category: 1 });
      await world.drive("sealed", () => world.hub.lastEpoch(0).epoch === 1);
      world.hub.outage = new ChainUnreachableError("the node is away");
      await expectRejection(
        world.drive("nothing", () => false, 5),
        ChainUnreachableError,
      );
      world.hub.now += SETTLE_WINDOW_SECONDS + 1;
      world.hub.outage = undefined;

      await world.drive("settled", world.isSettled(deal));

      expect(world.hub.lastEpoch(0).epoch).to.equal(2);
    });
  });

  describe("when a deal lacks something", function () {
    it("declines it within its grace", async function () {
      world.params = undefined;
      const deal = world.openDeal({ grace: 100, volume: 2 });

      await world.settleDown();

      expect(world.hub.closed.get(dealIdOf(deal))).to.equal("declined");
      const record = (await world.pool.deals.get(dealIdOf(deal)))!;
      expect(record).to.include({ stage: "declined", note: "nobody has its params" });
    });

    it("waits for it after the grace, and goes to work when it is there", async function () {
      world.params = undefined;
      await world.connect(1);
      await world.connect(2);
      const deal = world.openDeal({ grace: 0 });
      await world.settleDown();

      expect(await world.pool.deals.get(dealIdOf(deal))).to.include({
        stage: "waiting",
        note: "nobody has its params",
      });
      world.params = PARAMS;
      await world.drive("settled", world.isSettled(deal));
    });

    it("refunds it once nobody can settle it any more", async function () {
      world.params = undefined;
      const deal = world.openDeal({ grace: 0 });
      await world.settleDown();
      world.hub.now = dealDeadline(deal) + SETTLE_WINDOW_SECONDS;

      await world.settleDown();
      expect(world.hub.closed.get(dealIdOf(deal))).to.equal(undefined);
      await world.drive("claimed", () => world.hub.closed.get(dealIdOf(deal)) === "claimed", 10);
    });

    it("expires its tasks at the deadline and marks them claimed with the refund", async function () {
      const deal = world.openDeal();
      await world.settleDown();
      world.hub.now = dealDeadline(deal);
      await world.drive("a sweep", () => true);
      await world.settleDown();
      expect(await world.stateOf(firstOf(deal))).to.equal("planned");

      world.hub.now += 10;
      await world.settleDown();
      expect(await world.stateOf(firstOf(deal))).to.equal("expired");
      world.hub.now += SETTLE_WINDOW_SECONDS;
      await world.settleDown();

      expect(await world.stateOf(firstOf(deal))).to.equal("claimed");
    });
  });
});

async function expectRejection(promise: Promise<unknown>, of: new (...args: never[]) => Error): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).to.be.instanceOf(of);
}
