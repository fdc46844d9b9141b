import { expect } from "chai";

import { SETTLE_WINDOW_SECONDS } from "../../protocol/constants.ts";
import { dealDeadline, dealIdOf, taskIdOf } from "../../protocol/deal.ts";
import type { Deal } from "../../protocol/deal.ts";
import { digestOf } from "../../protocol/digest.ts";
import { KEPT_OPEN_SECONDS } from "../../protocol/kept-votes.ts";
import { paramsHashOf } from "../../protocol/params.ts";
import { withRedis } from "../support/parts.ts";
import { firstOf } from "../support/scheduler-records.ts";
import { HONEST, WRONG } from "../support/scheduler-worker.ts";
import type { FakeWorker } from "../support/scheduler-worker.ts";
import { SchedulerWorld } from "../support/scheduler-world.ts";

/** What becomes of votes that a settle did not decide: the chain keeps them, and the pool brings them again. */
describe("a pool's kept votes", function () {
  const redis = withRedis();
  let world: SchedulerWorld;
  beforeEach(async function () {
    world = await SchedulerWorld.open(redis().url);
  });
  afterEach(() => world[Symbol.asyncDispose]());

  const isKept = (deal: Deal) => () => world.hub.kept.has(firstOf(deal)) && world.hub.lastEpoch(0).settled;
  const statesOf = async (deal: Deal): Promise<Record<string, string>> =>
    Object.fromEntries((await world.taskOf(deal)).votes.map(({ worker, state }) => [worker, state]));
  const ballotsAsked = (worker: FakeWorker, deal: Deal): number =>
    worker.heard.filter((message) => message.type === "ballot?" && message.tasks.includes(firstOf(deal))).length;
  /** Two scores that agree by themselves, and fall before they are counted: no wish of the workers keeps their votes. */
  const keptOf = async (deal: Deal, workers: readonly FakeWorker[]): Promise<void> => {
    for (const { address } of workers) world.hub.scores.set(address, 48);
    await world.drive("ballots are in", world.epochIs("opening"));
    for (const { address } of workers) world.hub.scores.set(address, 0);
    await world.drive("kept", isKept(deal));
    await world.settleDown();
  };

  it("of two that disagreed are decided by a third, and nobody votes twice", async function () {
    const workers = [await world.connect(1), await world.connect(2)];
    const deal = world.openDeal({ trust: 100 });
    await keptOf(deal, workers);
    expect(world.hub.kept.get(firstOf(deal))!.votes.map(({ word }) => word)).to.deep.equal([digestOf(HONEST), digestOf(HONEST)]); // prettier-ignore
    for (const index of [3, 4, 5, 6, 7]) workers.push(await world.connect(index));

    await world.drive("settled", world.isSettled(deal));
    await world.settleDown();

    expect(new Set(Object.values(await statesOf(deal)))).to.deep.equal(new Set(["agree"]));
    expect(workers.slice(0, 2).map((worker) => ballotsAsked(worker, deal))).to.deep.equal([1, 1]);
    expect(world.hub.lastEpoch(0).epoch).to.equal(2);
  });

  it("that are sealed wait for their worker, and cost it what a lie costs when it stays silent", async function () {
    const silent = await world.connect(1, { silentAt: "open" });
    const others = [await world.connect(2)];
    const deal = world.openDeal();
    await world.drive("kept", isKept(deal));
    const { keptAt } = world.hub.kept.get(firstOf(deal))!;
    others.push(await world.connect(3));
    await world.drive("agreed", async () => (await world.taskOf(deal)).state === "agreed");
    await world.settleDown();
    world.hub.now = keptAt + KEPT_OPEN_SECONDS - 2;

    await world.drive("settled", world.isSettled(deal));
    await world.settleDown();

    expect(world.hub.now).to.be.greaterThan(keptAt + KEPT_OPEN_SECONDS);
    expect(world.hub.withheld.get(firstOf(deal))).to.deep.equal([silent.address]);
    expect(await statesOf(deal)).to.deep.equal({
      [silent.address]: "withheld",
      ...Object.fromEntries(others.map(({ address }) => [address, "agree"])),
    });
    expect(silent.heard.filter(({ type }) => type === "lease")).to.have.lengthOf(1);
    expect(world.hub.lastEpoch(0).epoch).to.equal(2);
  });

  for (const how of ["on chain", "to the pool"]) {
    it(`of a worker that opens late ${how} count as any other, without a further ballot`, async function () {
      const late = await world.connect(1, { silentAt: "open" });
      await world.connect(2);
      const deal = world.openDeal();
      await world.drive("kept", isKept(deal));
      await world.settleDown();
      const opening = late.openingOf(firstOf(deal));
      const [{ taskId, digest }] = opening.digests as [(typeof opening.digests)[number]];

      if (how === "on chain") world.hub.openVote(late.address, taskId, digest, opening.secret);
      else await world.hear(late.address, opening);
      await world.drive("settled", world.isSettled(deal), 300);
      await world.settleDown();

      expect(Object.values(await statesOf(deal))).to.deep.equal(["agree", "agree"]);
      expect([world.hub.withheld.size, ballotsAsked(late, deal)]).to.deep.equal([0, 1]);
      expect((await world.taskOf(deal)).result).to.match(/^[0-9a-f]{64}$/);
    });
  }

  it("are brought again by a pool that has lost everything between two settles", async function () {
    const workers = [await world.connect(1), await world.connect(2)];
    const deal = world.openDeal({ trust: 100 });
    await keptOf(deal, workers);

    await world.redis.del(...(await world.redis.keys(`${world.keys()}*`)));
    world.forgetChain();
    await world.restart();
    for (const index of [3, 4, 5, 6, 7]) workers.push(await world.connect(index));
    await world.drive("settled", world.isSettled(deal));
    await world.settleDown();

    const states = await statesOf(deal);
    expect(Object.keys(states)).to.include.members(workers.slice(0, 2).map(({ address }) => address));
    expect(new Set(Object.values(states))).to.deep.equal(new Set(["agree"]));
    expect(workers.slice(0, 2).map((worker) => ballotsAsked(worker, deal))).to.deep.equal([1, 1]);
  });

  it("that decide a task are settled after its deadline, by an epoch without a ballot", async function () {
    const workers = [await world.connect(1), await world.connect(2)];
    const deal = world.openDeal({ trust: 100 });
    await keptOf(deal, workers);
    world.hub.now = dealDeadline(deal) + 1;
    for (const { address } of workers) world.hub.scores.set(address, 48);
    const fresh = world.hub.kept.get(firstOf(deal))!;
    world.hub.events.push({ kind: "TaskKept", dealId: dealIdOf(deal), index: 0, votes: fresh.votes });
    world.hub.kept.set(firstOf(deal), { ...fresh, keptAt: fresh.keptAt + 1 });

    await world.drive("settled", world.isSettled(deal), SETTLE_WINDOW_SECONDS);

    expect(world.hub.settled.get(firstOf(deal))).to.equal(digestOf(HONEST));
    expect(world.hub.now).to.be.lessThan(dealDeadline(deal) + SETTLE_WINDOW_SECONDS);
  });

  it("are never left sealed past their time by a pool that cannot deliver: nobody honest is slashed", async function () {
    const workers = [await world.connect(1, { silentAt: "upload" }), await world.connect(2, { silentAt: "upload" })];
    const deal = world.openDeal();
    const other = world.openDeal({ requestHash: paramsHashOf("another") });
    await world.drive("kept", isKept(deal));
    const ends = [KEPT_OPEN_SECONDS + 1, 1_200, 2_400, 3_000, 3_000 + SETTLE_WINDOW_SECONDS + 1];

    for (const end of ends) {
      world.hub.now = Math.max(world.hub.now, deal.openedAt + end);
      const until = world.hub.now + 130;
      await world.drive("what is due", () => world.hub.now > until);
    }

    expect([world.hub.settled.size, world.hub.withheld.size]).to.deep.equal([0, 0]);
    expect(workers.map(({ address }) => world.hub.covers.get(address))).to.deep.equal([1_000_000n, 1_000_000n]);
    expect([deal, other].map((each) => world.hub.closed.get(dealIdOf(each)))).to.deep.equal(["claimed", "claimed"]);
  });

  it("of many tasks in one epoch do not keep each other up", async function () {
    const liar = await world.connect(1, { text: WRONG });
    await world.connect(2);
    const deal = world.openDeal({ volume: 5 });
    await world.settleDown();
    for (const index of [3, 4]) await world.connect(index);

    await world.drive("settled", world.isSettled(deal));
    await world.settleDown();

    const digests = [0, 1, 2, 3, 4].map((index) => world.hub.settled.get(taskIdOf(dealIdOf(deal), index)));
    expect(new Set(digests)).to.deep.equal(new Set([digestOf(HONEST)]));
    expect((await world.pool.workers.conduct(liar.address)).reputation.disagreed).to.be.greaterThan(0);
  });
});
