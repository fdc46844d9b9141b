import { Worker } from "bullmq";
import { expect } from "chai";

import { keepSweeping } from "../../scheduler/queue/keep-sweeping.ts";
import { closeQueues, createQueues, createWake, prepareQueues } from "../../scheduler/queue/queues.ts";
import type { PoolQueues } from "../../scheduler/queue/queues.ts";
import type { Wake } from "../../scheduler/ports.ts";
import { connectRedis } from "../../scheduler/store/redis.ts";
import type { RedisConnection } from "../../scheduler/store/redis.ts";
import { noteOpen } from "../support/open-things.ts";
import { withRedis } from "../support/parts.ts";
import { setClock } from "../support/set-clock.ts";
import { waitFor } from "../support/wait-for.ts";

const TASK = `0x${"ab".repeat(32)}` as const;

/** A promise that a test lets go. */
function gate(): { readonly open: () => void; readonly passed: Promise<void> } {
  let open = (): void => {};
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { open, passed };
}

/** What the pool asks of the queues, of BullMQ as it really is. */
describe("a pool's queues", function () {
  const redis = withRedis();
  let connection: RedisConnection;
  let queues: PoolQueues;
  let wake: Wake;
  let prefix: string;
  let workers: Worker[];
  let pools = 0;

  beforeEach(async function () {
    prefix = `{pool:test-${++pools}}`;
    connection = await connectRedis(redis().url, () => {});
    queues = createQueues(connection, prefix, 2);
    wake = createWake(queues);
    workers = [];
  });
  afterEach(async function () {
    await Promise.all(workers.map((worker) => worker.close()));
    await closeQueues(queues);
    connection.disconnect();
  });

  function work(name: string, run: (data: unknown) => Promise<unknown>, concurrency = 4): Worker {
    const closed = noteOpen(`worker of ${name}`);
    const worker = new Worker(name, (job) => run(job.data), { connection, prefix, concurrency });
    worker.on("closed", closed);
    workers.push(worker);
    return worker;
  }

  /** @returns its off-switch */
  function sweeping(everyMs = 50): () => void {
    return keepSweeping(queues, () => {}, everyMs);
  }

  it("hold a job that waits once, however often it is woken", async function () {
    for (let round = 0; round < 5; round++) await wake.task(TASK);

    expect(await queues.placement.count()).to.equal(1);
  });

  it("take many wakes of a moment for one, and those of the next moment for another", async function () {
    for (let round = 0; round < 5; round++) wake.offers();
    for (let round = 0; round < 5; round++) wake.laneSoon(1);
    await waitFor("both jobs", async () => (await queues.deadlines.count()) + (await queues.epochs[1]!.count()) === 2);

    let [offers, lanes] = [0, 0];
    work("deadlines", async () => void offers++);
    work("epochs-1", async () => void lanes++);
    await waitFor("both to be done", () => offers === 1 && lanes === 1);
    wake.offers();
    await waitFor("another offer", () => offers === 2);
    expect(lanes).to.equal(1);
  });

  it("look at a lane at the earliest of the times that were asked for, and once", async function () {
    for (const delayMs of [900, 20, 900]) await wake.lane(1, delayMs);
    const asked = performance.now();
    let lanes = 0;
    work("epochs-1", async () => void lanes++);

    await waitFor("the lane", () => lanes === 1, { everyMs: 5 });

    expect(performance.now() - asked).to.be.below(800);
    wake.laneSoon(0);
    await waitFor("another lane", async () => (await queues.epochs[0]!.count()) === 1);
    expect(lanes).to.equal(1);
  });

  it("run a job once more that was woken while it ran, and not oftener", async function () {
    const [first, running] = [gate(), gate()];
    let runs = 0;
    work("placement", async () => {
      runs++;
      running.open();
      if (runs === 1) await first.passed;
    });
    await wake.task(TASK);
    await running.passed;

    for (let round = 0; round < 5; round++) await wake.task(TASK);
    first.open();

    await waitFor("the second run", () => runs === 2);
    await waitFor(
      "nothing left",
      async () => (await queues.placement.getJobCountByTypes("wait", "active", "delayed")) === 0,
    );
    expect(runs).to.equal(2);
  });

  it("take a wake again after a job has failed for good", async function () {
    let runs = 0;
    work("placement", () => {
      runs++;
      return Promise.reject(new Error("no"));
    });
    await queues.placement.add(
      "place",
      { taskId: TASK },
      { attempts: 1, deduplication: { id: TASK, keepLastIfActive: true } },
    );
    await waitFor("its failure", async () => (await queues.placement.getFailedCount()) === 1);

    await wake.task(TASK);

    await waitFor("another run", () => runs === 2);
  });

  it("let an immediate wake overtake one that is due later", async function () {
    const seen: unknown[] = [];
    work("placement", async (data) => seen.push(data));
    await wake.task(TASK, 60_000);

    await wake.task(TASK);

    await waitFor("the run", () => seen.length === 1);
    expect(await queues.deadlines.getDelayedCount()).to.equal(1);
  });

  it("keep a later wake that is asked for while the one before it is carried out", async function () {
    // As it goes with a task: its wake is carried out, it is placed at once and asks to be woken again.
    let carriedOut = 0;
    work("deadlines", async () => {
      if (++carriedOut < 4) await wake.task(TASK, 20);
    });

    await wake.task(TASK, 20);

    await waitFor("each of the four", () => carriedOut === 4);
  });

  it("run one job of a lane at a time over all processes, and the other lane beside it", async function () {
    await prepareQueues(queues);
    const held = gate();
    let active = 0;
    let most = 0;
    const run = async (): Promise<void> => {
      most = Math.max(most, ++active);
      await held.passed;
      active--;
    };
    for (let process = 0; process < 3; process++) work("epochs-0", run);
    let beside = false;
    work("epochs-1", async () => (beside = true));
    // Two ids, as if the deduplication had failed.
    await queues.epochs[0]!.add("run", { lane: 0 });
    await queues.epochs[0]!.add("run", { lane: 0 });

    await wake.lane(1);

    await waitFor("the other lane", () => beside);
    await waitFor("the first to run", () => active === 1);
    held.open();
    await waitFor("both done", async () => (await queues.epochs[0]!.getJobCountByTypes("wait", "active")) === 0);
    expect(most).to.equal(1);
  });

  it("have a sweep that comes again and again, one at a time however many processes ask for it", async function () {
    await prepareQueues(queues);
    using stack = new DisposableStack();
    let [sweeps, active, most] = [0, 0, 0];
    for (let process = 0; process < 3; process++) {
      stack.defer(sweeping());
      work("sweep", async () => {
        most = Math.max(most, ++active);
        await new Promise((resolve) => setTimeout(resolve, 20));
        active--;
        sweeps++;
      });
    }

    await waitFor("some sweeps", () => sweeps >= 5);

    expect(most).to.equal(1);
  });

  it("do at once what is due later than it can have been asked for, and leave what is due in its time", async function () {
    await wake.lane(1, 86_400_000);
    await queues.epochs[0]!.add("run", { lane: 0 }, { delay: 60_000 });
    await queues.deals.add("enter", { dealId: TASK }, { delay: 10_000 });

    sweeping(60_000)();

    await waitFor("both", async () => (await queues.deadlines.count()) + (await queues.epochs[0]!.count()) === 2);
    expect([await queues.deadlines.getDelayedCount(), await queues.epochs[0]!.getDelayedCount()]).to.deep.equal([0, 0]);
    expect(await queues.deals.getDelayedCount()).to.equal(1);
  });

  for (const [direction, ms] of Object.entries({ back: -3_600_000, forward: 3_600_000 })) {
    it(`go on when their process' clock is set ${direction} by an hour`, async function () {
      using stack = new DisposableStack();
      stack.defer(sweeping());
      let [deals, sweeps, tries] = [0, 0, 0];
      work("deadlines", async () => void deals++);
      work("sweep", async () => void sweeps++);
      work("placement", () => (tries++, Promise.reject(new Error("not yet"))));
      await wake.deal(TASK, 1_000);
      await wake.task(TASK);
      await waitFor("a failure that is tried again", async () => (await queues.placement.getDelayedCount()) === 1);

      stack.use(setClock(ms));
      const before = sweeps;

      await waitFor("sweeps", () => sweeps > before + 2);
      await waitFor("what was due before, and what is tried again", () => deals === 1 && tries >= 2);
      await wake.deal(TASK, 50);
      await waitFor("what is due since", () => deals === 2);
    });
  }

  /** A process that dies with a job in its hand: its lock is never renewed. */
  async function dieWithAJob(): Promise<void> {
    const started = gate();
    const own = connection.duplicate();
    const dead = new Worker("placement", () => (started.open(), new Promise<never>(() => {})), {
      ...{ connection: own, prefix, lockDuration: 200, skipLockRenewal: true, stalledInterval: 100 },
    });
    await started.passed;
    await dead.close(true);
    own.disconnect();
  }

  for (const deaths of [1, 2]) {
    it(`give a job to a living process after ${deaths} died with it, with the wake that came meanwhile`, async function () {
      await wake.task(TASK);
      for (let death = 0; death < deaths; death++) await dieWithAJob();
      await wake.task(TASK);

      let runs = 0;
      const living = new Worker("placement", async () => void runs++, { connection, prefix, stalledInterval: 100 });
      workers.push(living);

      // Given up after the second death, the job is not run again, but its wake is.
      await waitFor("the job and its wake", () => runs === 3 - deaths);
      await wake.task(TASK);
      await waitFor("later wakes", () => runs === 4 - deaths);
    });
  }
});
