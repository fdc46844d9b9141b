import { expect } from "chai";

import { ChainUnreachableError, NoGasMoneyError } from "../../chain/errors.ts";
import { SETTLE_WINDOW_SECONDS } from "../../protocol/constants.ts";
import { dealDeadline, dealIdOf, taskIdOf } from "../../protocol/deal.ts";
import { paramsHashOf } from "../../protocol/params.ts";
import { NEWCOMER } from "../../scheduler/domain/workers/conduct.ts";
import { placeTask } from "../../scheduler/actions/placing/place-task.ts";
import { sweep } from "../../scheduler/actions/sweep.ts";
import { isWorking } from "../../scheduler/domain/votes/vote-state.ts";
import { withRedis } from "../support/parts.ts";
import { addressOf, firstOf } from "../support/scheduler-records.ts";
import { WRONG } from "../support/scheduler-worker.ts";
import { SchedulerWorld } from "../support/scheduler-world.ts";

/** What a pool does besides: each of these tests has failed before its rule was kept. */
describe("a pool's upkeep", function () {
  const redis = withRedis();
  let world: SchedulerWorld;
  beforeEach(async function () {
    world = await SchedulerWorld.open(redis().url);
  });
  afterEach(() => world[Symbol.asyncDispose]());

  describe("on deals", function () {
    it("one that is being worked on is not given back when it is seen again", async function () {
      const deal = world.openDeal({ grace: 1_000 });
      await world.settleDown();
      world.params = undefined;
      world.hub.events.push({ kind: "DealOpened", deal });

      await world.settleDown();

      expect(await world.pool.deals.get(dealIdOf(deal))).to.include({ stage: "entered" });
      expect(world.hub.closed.size).to.equal(0);
    });

    it("one of more tasks than can be kept is given back, and its end is not looked for task by task", async function () {
      const deal = world.openDeal({ grace: 1_000, volume: 2 ** 32 - 1 });

      await world.drive("declined", async () => (await world.pool.deals.get(dealIdOf(deal)))?.stage === "declined");
    });

    it("one whose inputs are more than the pool keeps is given back before a byte is fetched", async function () {
      const bytes = world.pool.config.blobQuotaBytes + 1;
      const url = "http://127.0.0.1:1/never-asked";
      world.params = JSON.stringify({ version: 1, inputs: [{ name: "in", sha256: "a".repeat(64), bytes, url }] });
      const deal = world.openDeal({ grace: 1_000, paramsHash: paramsHashOf(world.params) });

      await world.settleDown();

      expect((await world.pool.deals.get(dealIdOf(deal)))!.note).to.include("more than this pool keeps");
    });

    it("a refund that fails does not keep the sweep from its other work", async function () {
      const stuck = world.openDeal({ requestHash: paramsHashOf("stuck") });
      await world.settleDown();
      world.hub.now = dealDeadline(stuck) + SETTLE_WINDOW_SECONDS + 10;
      await world.connect(1, { silentAt: "accept" });
      await world.connect(2, { silentAt: "accept" });
      const claim = (): Promise<never> => Promise.reject(new ChainUnreachableError("no gas money"));
      world.pool = { ...world.pool, operator: { ...world.pool.operator, claim } };
      const fresh = world.openDeal();
      await world
        .drive("leased", async () => ((await world.pool.tasks.get(firstOf(fresh)))?.votes.length ?? 0) === 2)
        .catch(() => {});
      await world.runOutLeases();

      await sweep(world.pool);

      const { votes } = (await world.pool.tasks.get(firstOf(fresh)))!;
      expect(votes.some(({ state }) => state === "lost")).to.equal(true);
    });

    it("long after its end nothing of it is left", async function () {
      await world.connect(1);
      await world.connect(2);
      const deal = world.openDeal();
      await world.drive("settled", world.isSettled(deal));
      await world.settleDown();
      await world.redis.zadd(world.keys("deals-over"), 1, dealIdOf(deal));

      await sweep(world.pool);

      expect(await world.pool.tasks.get(firstOf(deal))).to.equal(undefined);
      expect(await world.pool.deals.get(dealIdOf(deal))).to.equal(undefined);
      const left = (await world.redis.keys(`*${firstOf(deal).slice(2)}*`)).filter((key) =>
        key.startsWith(world.keys()),
      );
      expect([left, await world.pool.tasks.countIn(0, "settled")]).to.deep.equal([[], 0]);
    });
  });

  describe("on what nobody asks for any more", function () {
    it("forgets a worker with its conduct once it was not heard of for as long as results are kept", async function () {
      const [gone, back] = [addressOf(1), addressOf(2)];
      const { workers, config } = world.pool;
      await world.connect(3);
      const rest = (await workers.get([...world.workers.keys()][0]!))!;
      for (const worker of [gone, back]) {
        await workers.put({ ...rest, worker });
        await workers.seen(worker, Date.now(), false);
        await workers.note(worker, "success", Date.now());
        await workers.gone(worker);
      }
      const kept = Date.now() - config.retentionMs;
      await world.redis.zadd(world.keys("workers-heard"), kept - 1, gone, kept + 60_000, back);

      await sweep(world.pool);

      expect([await workers.get(gone), await workers.conduct(gone)]).to.deep.equal([undefined, NEWCOMER]);
      expect(await world.redis.smembers(world.keys("workers-resting"))).to.deep.equal([back]);
      expect([(await workers.get(back))?.worker, (await workers.conduct(back)).reputation.success]).to.deep.equal([
        back,
        1,
      ]);
    });

    it("forgets no worker that has come back in the meantime", async function () {
      const { workers } = world.pool;
      await world.connect(1);
      const worker = [...world.workers.keys()][0]!;
      await world.redis.zadd(world.keys("workers-heard"), 1, worker);
      const [found] = await workers.heardBefore(2);
      await workers.seen(worker, 2, true);

      await workers.forget(found!, 2);

      expect(await workers.get(worker)).to.include({ worker });
    });

    it("forgets the conduct of a verdict that came after its worker was forgotten", async function () {
      const late = addressOf(9);
      await world.pool.workers.note(late, "late", Date.now());

      expect(await world.pool.workers.heardBefore(Date.now() + 1)).to.include(late);
    });

    it("keeps the newest thousand of the events that it could not handle", async function () {
      const { quarantine } = world.pool;
      const times = Array.from({ length: 1_000 }, (_unused, index) => [index, `${index}-reorganised`] as const);
      await world.redis.zadd(world.keys("quarantined-since"), ...times.flat());

      await quarantine.note(7_000, new ChainUnreachableError("no"));

      expect(await quarantine.count()).to.equal(1_000);
      expect(await world.redis.zrange(world.keys("quarantined-since"), "0", "0")).to.deep.equal(["1-reorganised"]);
      const [only] = await quarantine.all();
      expect(only).to.deep.include({ block: 7_000, error: { code: "GM_CHAIN_UNREACHABLE", message: "no" }, times: 1 });
    });

    it("removes uploads that have brought nothing for an hour", async function () {
      const asked: number[] = [];
      const removeDrafts = async (time: number): Promise<void> => void asked.push(Date.now() - time);
      const pool = { ...world.pool, blobs: { ...world.pool.blobs, removeDrafts } };

      await sweep(pool);

      expect(asked).to.have.lengthOf(1);
      expect(asked[0]).to.be.within(3_600_000, 3_660_000);
    });
  });

  describe("on lost wakes", function () {
    it("a running task that nobody works on is found by the sweep", async function () {
      const workers = [await world.connect(1), await world.connect(2, { text: WRONG })];
      const deal = world.openDeal();
      await world.settleDown();
      await world.connect(3);
      await world.pool.tasks.update(firstOf(deal), (task) => ({ ...task, state: "running" }));
      world.loseAll();

      await world.drive("another lease", async () => (await world.taskOf(deal)).votes.length > workers.length, 20);
    });
  });

  describe("on a worker whose container engine is away", function () {
    it("does not ask it again until its heartbeat says that it takes leases", async function () {
      const { address } = await world.connect(1, { silentAt: "accept" });
      const deal = world.openDeal();
      await world.settleDown();
      const { leaseId } = (await world.taskOf(deal)).votes[0]!;

      await world.hear(address, { type: "refuse", leaseId, code: "GM_ENGINE_UNREACHABLE", message: "no engine" });
      await world.settleDown();
      expect((await world.taskOf(deal)).waitingFor).to.equal("1 x takes no leases now");

      await world.hear(address, { type: "heartbeat", leases: [], load: 0, accepting: true });
      await sweep(world.pool);
      await world.settleDown();
      expect((await world.taskOf(deal)).votes.filter(isWorking)).to.have.lengthOf(1);
    });
  });

  describe("on an operator without gas money", function () {
    for (const act of ["seal", "settle"] as const) {
      it(`tells the tasks that wait for the ${act}, and goes on when money comes`, async function () {
        await world.connect(1);
        await world.connect(2);
        const { operator } = world.pool;
        const poor = (): Promise<never> => Promise.reject(new NoGasMoneyError("the operator cannot pay for the gas"));
        world.pool = { ...world.pool, operator: { ...operator, [act]: poor } };
        const deal = world.openDeal();
        const thrown = await world.drive("the end", world.isSettled(deal)).catch((error: unknown) => error);

        expect(thrown).to.be.instanceOf(NoGasMoneyError);
        const why = `the pool cannot ${act} its votes: the operator cannot pay for the gas`;
        expect((await world.taskOf(deal)).waitingFor).to.equal(why);
        expect((await world.pool.epochs.current(0))!.note).to.equal(why);

        world.pool = { ...world.pool, operator };
        await world.drive("the end", world.isSettled(deal));

        expect(await world.taskOf(deal))
          .to.include({ state: "settled" })
          .and.not.have.property("waitingFor");
        expect((await world.pool.epochs.current(0))!.note).to.equal("1 settled, 0 left open, 0 skipped");
      });
    }
  });

  describe("on two processes with one Redis", function () {
    it("neither gives more leases than a task wants, nor a worker more than it has slots", async function () {
      for (const index of [1, 2, 3, 4]) await world.connect(index, { slots: 2, silentAt: "accept" });
      const deal = world.openDeal({ volume: 6 });
      while (await world.pool.tasks.countIn(0, "planned").then((count) => count < 6)) await world.step();
      const tasks = Array.from({ length: 6 }, (_unused, index) => taskIdOf(dealIdOf(deal), index));

      // The other has heard of two of the four only, so that it does not choose the same ones.
      const alive: typeof world.pool.workers.alive = async (since) => (await world.pool.workers.alive(since)).slice(2);
      const other = { ...world.pool, workers: { ...world.pool.workers, alive } };

      const both = tasks.flatMap((taskId) => [placeTask(world.pool, taskId), placeTask(other, taskId)]);
      await Promise.all(both);

      const after = await world.pool.tasks.getAll(tasks);
      expect(Math.max(...after.map(({ votes }) => votes.length))).to.equal(2);
      const slots = [...world.workers.keys()].map(
        (worker) =>
          after.flatMap(({ votes }) => votes.filter((vote) => vote.worker === worker && isWorking(vote))).length,
      );
      expect(Math.max(...slots)).to.be.at.most(2);
      expect(slots.reduce((sum, count) => sum + count, 0)).to.be.greaterThan(0);
    });

    it("a placement that was overtaken by another gives no lease on top", async function () {
      for (const index of [1, 2, 3, 4]) await world.connect(index, { silentAt: "accept" });
      const deal = world.openDeal();
      while ((await world.pool.tasks.countIn(0, "planned")) === 0) await world.step();
      const { tasks, workers } = world.pool;
      const alive: typeof workers.alive = async (since) => (await workers.alive(since)).slice(2);
      const faster = { ...world.pool, workers: { ...workers, alive } };
      let overtaken = false;
      const lease: typeof tasks.lease = async (...args) => {
        if (!overtaken) await placeTask(faster, firstOf(deal));
        overtaken = true;
        return tasks.lease(...args);
      };

      await placeTask({ ...world.pool, tasks: { ...tasks, lease } }, firstOf(deal));

      expect(overtaken).to.equal(true);
      expect((await world.taskOf(deal)).votes).to.have.lengthOf(2);
    });

    it("a task that both change at once has every change once", async function () {
      const deal = world.openDeal();
      await world.settleDown();
      const add = (index: number) =>
        world.pool.tasks.update(firstOf(deal), (task) => ({
          ...task,
          uploadsFailed: [...(task.uploadsFailed ?? []), addressOf(index)],
        }));

      await Promise.all(Array.from({ length: 20 }, (_unused, index) => add(index)));

      expect(new Set((await world.taskOf(deal)).uploadsFailed).size).to.equal(20);
    });

    it("one of them writes the next state of an epoch, and the other is told that it was too late", async function () {
      await world.connect(1);
      await world.connect(2);
      world.openDeal();
      await world.drive("opening", world.epochIs("opening"));
      const record = (await world.pool.epochs.current(0))!;

      const put = () => world.pool.epochs.put(record, { ...record, note: "x" });

      expect((await Promise.all([put(), put()])).sort()).to.deep.equal([false, true]);
    });
  });
});
