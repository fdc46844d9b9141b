import { randomUUID } from "node:crypto";

import { expect } from "chai";

import { tagOf } from "../../protocol/ballot.ts";
import { SETTLE_WINDOW_SECONDS } from "../../protocol/constants.ts";
import { dealDeadline, dealIdOf } from "../../protocol/deal.ts";
import { digestOf, failDigest, failText } from "../../protocol/digest.ts";
import { paramsHashOf } from "../../protocol/params.ts";
import type { SettlePlan } from "../../scheduler/domain/epochs/settle-plan.ts";
import { faultsOf } from "../../scheduler/domain/workers/reputation.ts";
import { withRedis } from "../support/parts.ts";
import { firstOf } from "../support/scheduler-records.ts";
import { HONEST, WRONG } from "../support/scheduler-worker.ts";
import { SchedulerWorld } from "../support/scheduler-world.ts";

/** Says at once that a task took too long. */
const LATE = { text: failText("time") };

/** Rules that only show when somebody breaks them; each of these tests has failed before its rule was kept. */
describe("a pool's rules", function () {
  const redis = withRedis();
  let world: SchedulerWorld;
  beforeEach(async function () {
    world = await SchedulerWorld.open(redis().url);
  });
  afterEach(() => world[Symbol.asyncDispose]());

  describe("on what is paid", function () {
    it("a worker that takes its vote back after its ballot is not paid without an output", async function () {
      const workers = [await world.connect(1, { silentAt: "upload" }), await world.connect(2, { silentAt: "upload" })];
      const deal = world.openDeal();
      await world.drive("ballots are in", world.epochIs("opening"));
      for (const { leaseId, worker } of (await world.taskOf(deal)).votes) {
        await world.hear(worker, { type: "refuse", leaseId, code: "GM_DRAINING", message: "changed my mind" });
        await world.hear(worker, {
          ...{ type: "computed", leaseId, taskId: firstOf(deal) },
          tag: tagOf(firstOf(deal), digestOf(HONEST)),
        });
      }
      expect((await world.taskOf(deal)).votes.map(({ state }) => state)).to.deep.equal(["balloted", "balloted"]);
      await world.drive("the epoch closed", () => world.hub.lastEpoch(0).settled);

      expect(workers).to.have.lengthOf(2);
      expect(world.hub.settled.size).to.equal(0);
    });

    it("an output of one epoch is not taken for another answer of the next", async function () {
      const workers = [await world.connect(1), await world.connect(2)];
      const deal = world.openDeal();
      await world.drive("agreed", async () => (await world.taskOf(deal))?.state === "agreed");
      const ofAnother = { digest: digestOf(WRONG), result: "ab".repeat(32) };
      await world.pool.tasks.update(firstOf(deal), (task) => ({ ...task, ...ofAnother }));

      await world.drive("settled", world.isSettled(deal));
      await world.settleDown();

      expect((await world.taskOf(deal)).result)
        .to.match(/^[0-9a-f]{64}$/)
        .and.not.equal(ofAnother.result);
      expect(workers.flatMap(({ heard }) => heard.filter(({ type }) => type === "upload?"))).to.have.lengthOf(1);
    });

    it("what settles otherwise than the pool saw it has no result to give", async function () {
      await world.connect(1);
      await world.connect(2);
      const deal = world.openDeal();
      await world.drive("uploaded", async () => (await world.taskOf(deal))?.result !== undefined);
      const event = { kind: "TaskSettled", dealId: dealIdOf(deal), index: 0, digest: digestOf(WRONG) };
      world.hub.settled.set(firstOf(deal), digestOf(WRONG));
      world.hub.events.push(event);

      await world.settleDown();

      const task = await world.taskOf(deal);
      expect(task).to.include({ state: "settled", digest: digestOf(WRONG) });
      expect(task.result).to.equal(undefined);
    });
  });

  describe("on who votes", function () {
    it("nobody votes without a lease whose bond covers no stake", async function () {
      const stranger = await world.connect(1);
      const deal = world.openDeal();
      world.hub.covers.set(stranger.address, 999n);
      await world.settleDown();

      const vote = { type: "computed", leaseId: randomUUID(), taskId: firstOf(deal) } as const;
      await world.hear(stranger.address, { ...vote, tag: tagOf(vote.taskId, digestOf(WRONG)) });
      await world.settleDown();

      expect((await world.taskOf(deal)).votes).to.deep.equal([]);
      expect(stranger.heard.map(({ type }) => type)).to.include("drop");
    });

    it("a vote that this pool has forgotten counts by the score that the deal allows, and no more", async function () {
      const known = await world.connect(1, { silentAt: "lease" });
      const deal = world.openDeal({ maxWeight: 2, trust: 1_000 });
      await world.settleDown();
      await world.runOutLeases();
      await world.settleDown();
      world.hub.scores.set(known.address, 3_000);
      await world.pool.tasks.update(firstOf(deal), (task) => ({ ...task, votes: [] }));

      const vote = { type: "computed", leaseId: randomUUID(), taskId: firstOf(deal) } as const;
      await world.hear(known.address, { ...vote, tag: tagOf(vote.taskId, digestOf(HONEST)) });

      expect((await world.taskOf(deal)).votes.map(({ state, weight }) => [state, weight])).to.deep.equal([
        ["computed", "2"],
      ]);
    });

    it("nobody is believed to be out of time that has not had its time", async function () {
      const hasty = [await world.connect(1, LATE), await world.connect(2, LATE)];
      const deal = world.openDeal();
      await world.settleDown();

      expect((await world.taskOf(deal)).votes.map(({ state, code }) => `${state} ${code}`)).to.deep.equal(
        hasty.map(() => "failed GM_TIME_NOT_PASSED"),
      );
      for (const { address } of hasty) {
        expect((await world.pool.workers.conduct(address)).reputation).to.include({ success: 0, refused: 1 });
      }
    });

    it("two workers are believed to be out of time that have had it, and a third has no better", async function () {
      world.params = JSON.stringify({ version: 1, args: ["go"], seconds: 1 });
      await world.connect(1, LATE);
      await world.connect(2, LATE);
      const deal = world.openDeal({ paramsHash: paramsHashOf(world.params) });

      await world.drive("settled", world.isSettled(deal));

      expect((await world.taskOf(deal)).digest).to.equal(failDigest("time"));
    });

    it("a worker cannot keep another's lease alive", async function () {
      await world.connect(1, { silentAt: "accept" });
      const other = await world.connect(2, { slots: 1, silentAt: "accept" });
      world.openDeal();
      await world.settleDown();
      await world.runOutLeases();
      const leases = await world.redis.zrange(world.keys("leases"), "0", "-1");

      const [hello] = other.hello();
      await world.hear(other.address, { ...(hello as Extract<typeof hello, { type: "hello" }>), leases });

      expect(await world.pool.tasks.expiredLeases(Date.now())).to.have.lengthOf(1);
    });

    it("a worker that never answers is given the same task less and less often", async function () {
      const silent = await world.connect(1, { silentAt: "lease" });
      const deal = world.openDeal();
      for (let round = 0; round < 30; round++) {
        await world.runOutLeases();
        world.hub.now += 10;
        await world.settleDown();
      }

      expect(silent.heard.filter(({ type }) => type === "lease").length).to.be.within(3, 5);
      expect((await world.taskOf(deal)).votes).to.have.lengthOf(1);
      expect((await world.taskOf(deal)).waitingFor).to.include("has to wait");
    });

    it("a settle that leaves a task open again and again is not repeated at once", async function () {
      await world.connect(1, { silentAt: "upload" });
      await world.connect(2, { silentAt: "upload" });
      world.openDeal();

      await world.drive("nothing", () => world.hub.now > dealDeadline([...world.hub.deals.values()][0]!) - 100, 3_000);

      expect(world.hub.lastEpoch(0).epoch).to.be.within(2, 5);
    });

    it("opened votes count by the scores of now once a settle has left them open", async function () {
      const workers = [await world.connect(1), await world.connect(2)];
      for (const { address } of workers) world.hub.scores.set(address, 48);
      const deal = world.openDeal({ trust: 100 });
      await world.drive("ballots are in", world.epochIs("opening"));
      for (const { address } of workers) world.hub.scores.set(address, 0);

      await world.drive("left open", () => world.hub.lastEpoch(0).settled);
      await world.settleDown();

      expect((await world.taskOf(deal)).votes.map(({ weight }) => weight)).to.deep.equal(["2", "2"]);
      expect((await world.taskOf(deal)).state).to.equal("planned");
    });
  });

  describe("on ballots", function () {
    it("one that would lapse before its seal is left out, and blocks nobody", async function () {
      await world.connect(1, { sealBySeconds: 31 });
      await world.connect(2);
      const deal = world.openDeal();
      await world.settleDown();
      await world.connect(3);

      await world.drive("settled", world.isSettled(deal), 120);

      expect(world.hub.now).to.be.lessThan(deal.openedAt + SETTLE_WINDOW_SECONDS);
    });

    it("a worker whose request was lost is asked again", async function () {
      const forgetful = await world.connect(1, { silentAt: "ballot" });
      await world.connect(2);
      const deal = world.openDeal();
      await world.drive("asked", () => forgetful.heard.some(({ type }) => type === "ballot?"));
      forgetful.manners = {};

      await world.drive("settled", world.isSettled(deal), 60);

      expect((await world.taskOf(deal)).votes.map(({ tries }) => tries)).to.deep.equal([1, 1]);
    });
  });

  describe("on what the chain says", function () {
    it("the watcher may be the first to hear of a settle: its voters are told and rated all the same", async function () {
      const workers = [await world.connect(1), await world.connect(2)];
      const deal = world.openDeal();
      const { operator } = world.pool;
      let watched = false;
      const settle: typeof operator.settle = async (plan, sealed) => {
        const verdicts = await operator.settle(plan, sealed);
        watched = await world.step();
        return verdicts;
      };
      world.pool = { ...world.pool, operator: { ...operator, settle } };

      await world.drive("settled", world.isSettled(deal));
      await world.settleDown();

      expect(watched).to.equal(true);
      expect((await world.taskOf(deal)).votes.map(({ state }) => state)).to.deep.equal(["agree", "agree"]);
      for (const { address, heard } of workers) {
        expect(heard.filter(({ type }) => type === "settled")).to.have.lengthOf(1);
        expect(faultsOf((await world.pool.workers.conduct(address)).reputation)).to.equal(0);
        expect((await world.pool.workers.conduct(address)).reputation.success).to.equal(1);
      }
    });

    it("a seal in the last second of a grace, as where blocks share seconds, opens no vote and is made up for", async function () {
      for (const index of [1, 2]) await world.connect(index);
      const { hub, pool } = world;
      const { operator } = pool;
      const plans: SettlePlan[] = [];
      const seal: typeof operator.seal = async (lane, epoch, leaves) =>
        epoch === 1 ? hub.seal(lane, leaves) : operator.seal(lane, epoch, leaves);
      const settle: typeof operator.settle = (plan, epoch) => (plans.push(plan), operator.settle(plan, epoch));
      world.pool = { ...pool, operator: { ...operator, seal, settle } };
      const deal = world.openDeal();

      await world.drive("settled", world.isSettled(deal));

      const opened = plans.map(({ tasks }) => tasks[0]!.votes.map((vote) => "digest" in vote));
      expect(opened).to.deep.equal([
        [false, false],
        [true, true],
      ]);
    });

    it("a node that is behind does not give an epoch's number to a second one", async function () {
      await world.connect(1);
      await world.connect(2);
      const deal = world.openDeal();
      await world.drive("settled", world.isSettled(deal));
      await world.settleDown();
      const { chain } = world.pool;
      const lastEpoch: typeof chain.lastEpoch = async () => ({
        ...(await chain.lastEpoch(0)),
        ...{ epoch: 0, settled: true },
      });
      world.pool = { ...world.pool, chain: { ...chain, lastEpoch } };
      world.openDeal({ requestHash: paramsHashOf("another") });

      await world.drive("nothing", () => false, 20).catch(() => {});

      expect((await world.pool.epochs.current(0))!.state).to.equal("settled");
      world.pool = { ...world.pool, chain };
      await world.drive("both settled", () => world.hub.settled.size === 2);
    });
  });
});
