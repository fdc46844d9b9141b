import { expect } from "chai";

import { dealIdOf, taskIdOf } from "../../protocol/deal.ts";
import { isLive } from "../../scheduler/domain/tasks/task-state.ts";
import { createPurse, escrowChange } from "../../scheduler/metrics/pool-money.ts";
import { readPool } from "../../scheduler/metrics/read-pool.ts";
import { countJobs } from "../../scheduler/queue/queue-depths.ts";
import { closeQueues, createQueues, createWake } from "../../scheduler/queue/queues.ts";
import type { PoolQueues } from "../../scheduler/queue/queues.ts";
import { ChainUnreachableError } from "../../chain/errors.ts";
import { sweep } from "../../scheduler/actions/sweep.ts";
import { withRedis } from "../support/parts.ts";
import { openGateway } from "../support/scheduler-gateway.ts";
import { addressOf } from "../support/scheduler-records.ts";
import { SchedulerWorld } from "../support/scheduler-world.ts";

const MILL = 10n ** 18n;

describe("the metrics of a pool", function () {
  const redis = withRedis();
  let world: SchedulerWorld;
  let queues: PoolQueues;

  beforeEach(async function () {
    world = await SchedulerWorld.open(redis().url);
    queues = createQueues(world.redis, world.keys(), 1);
    const money = { gas: MILL / 2n, available: 7n * MILL, locked: 3n * MILL };
    world.metrics.readFrom(() =>
      readPool(world.pool, {
        jobs: () => countJobs(queues),
        quarantined: world.pool.quarantine.count,
        money: () => Promise.resolve(money),
      }),
    );
  });
  afterEach(async function () {
    await closeQueues(queues);
    await world[Symbol.asyncDispose]();
  });

  /** Every sample of a scrape, `name{labels}` without the pool. */
  async function scrape(): Promise<ReadonlyMap<string, number>> {
    const lines = (await world.metrics.text()).split("\n").filter((line) => line.startsWith("gridmill_"));
    return new Map(
      lines.map((line) => {
        const [, name, labels, value] = /^(\w+)\{(.*)\} (\S+)$/.exec(line)!;
        const own = labels!.split(",").filter((label) => !label.startsWith("pool="));
        return [own.length > 0 ? `${name}{${own.join(",")}}` : name!, Number(value)];
      }),
    );
  }

  it("say where tasks, votes, workers, slots and epochs stand, read from the store", async function () {
    await world.connect(1, { slots: 2, silentAt: "upload" });
    await world.connect(2, { slots: 2, silentAt: "upload" });
    world.openDeal({ volume: 1 });
    await world.drive("opening", world.epochIs("opening"));
    await world.connect(3, { slots: 2, silentAt: "accept" });
    world.openDeal({ volume: 1, requestHash: `0x${"77".repeat(32)}` });
    await world.settleDown();

    const said = await scrape();

    expect(said.get('gridmill_pool_tasks{lane="0",state="sealed"}')).to.equal(1);
    expect(said.get('gridmill_pool_tasks{lane="0",state="settled"}')).to.equal(0);
    expect(said.get('gridmill_pool_epoch_age_seconds{lane="0",phase="opening"}')).to.be.within(0, 60);
    expect(said.get('gridmill_pool_deals{stage="open"}')).to.equal(2);
    const slots = [said.get('gridmill_pool_slots{state="busy"}'), said.get('gridmill_pool_slots{state="free"}')];
    expect(slots[0]! + slots[1]!).to.equal(6);
    const workers = ["idle", "busy", "resting"].map((state) => said.get(`gridmill_pool_workers{state="${state}"}`)!);
    expect(workers.reduce((sum, count) => sum + count)).to.equal(3);
    expect(said.get("gridmill_pool_next_deadline_timestamp_seconds")).to.be.greaterThan(world.hub.now);
    expect(said.get("gridmill_pool_chain_timestamp_seconds")).to.equal(world.hub.now);
  });

  it("count each vote at risk once, in the state in which its document has it, and none of a task that is over", async function () {
    for (const index of [1, 2, 3]) await world.connect(index, { slots: 4 });
    const deal = world.openDeal({ volume: 4 });
    const ids = [0, 1, 2, 3].map((index) => taskIdOf(dealIdOf(deal), index));
    const seen = new Set<string>();
    await world.drive("settled", async () => {
      const said = await scrape();
      const tasks = (await world.pool.tasks.getAll(ids)).filter((task) => isLive(task.state));
      for (const { state, count } of await world.pool.tasks.countVotes()) {
        const real = tasks.flatMap(({ votes }) => votes).filter((vote) => vote.state === state).length;
        expect([state, said.get(`gridmill_pool_votes{state="${state}"}`), count]).to.deep.equal([state, real, real]);
        if (real > 0) seen.add(state);
      }
      return world.isSettled(deal)();
    });
    await world.settleDown();

    expect([...seen]).to.include.members(["leased", "computed", "balloted"]);
    const left = (await world.pool.tasks.countVotes()).filter(({ count }) => count > 0);
    expect(left).to.deep.equal([]);
    const said = await scrape();
    expect(said.get('gridmill_pool_vote_moves_total{state="agree"}')).to.equal(8);
    expect(said.get('gridmill_pool_task_moves_total{state="settled"}')).to.equal(4);
    expect(said.get('gridmill_pool_task_seconds_count{state="settled"}')).to.equal(4);
    expect(said.has("gridmill_pool_next_deadline_timestamp_seconds")).to.equal(false);
    for (const phase of ["balloting", "sealing", "opening", "settling"]) {
      expect(said.get(`gridmill_pool_epoch_phase_seconds_count{phase="${phase}"}`), phase).to.be.at.least(1);
    }
    expect(said.get('gridmill_pool_epoch_tasks_total{state="settled"}')).to.equal(4);
    expect([...said.keys()].filter((name) => name.startsWith("gridmill_pool_epoch_age"))).to.deep.equal([]);
  });

  it("say how deep the queues are, and what lies in quarantine", async function () {
    const wake = createWake(queues);
    await wake.task(`0x${"ab".repeat(32)}`);
    await wake.lane(0, 60_000);
    await world.pool.quarantine.note(7, new Error("no"));

    const said = await scrape();

    expect(said.get('gridmill_pool_queue_jobs{queue="placement",state="waiting"}')).to.equal(1);
    expect(said.get('gridmill_pool_queue_jobs{queue="deadlines",state="delayed"}')).to.equal(1);
    expect(said.get('gridmill_pool_queue_jobs{queue="epochs-0",state="waiting"}')).to.equal(0);
    expect(said.get("gridmill_pool_quarantined_events")).to.equal(1);
  });

  it("say what transactions cost and brought, and what the pool has", async function () {
    const receipt = { gasUsed: 200_000n, effectiveGasPrice: 5_000_000_000n };
    world.metrics.confirmed("settle", receipt);
    world.metrics.confirmed("settle", receipt);
    world.metrics.earned(2n * MILL);
    world.metrics.earned(-(MILL / 4n));

    const said = await scrape();

    expect(said.get('gridmill_pool_transactions_total{act="settle"}')).to.equal(2);
    expect(said.get('gridmill_pool_gas_used_total{act="settle"}')).to.equal(400_000);
    expect(said.get('gridmill_pool_gas_spent_ether_total{act="settle"}')).to.be.closeTo(0.002, 1e-9);
    expect(said.get("gridmill_pool_gas_price_wei")).to.equal(5e9);
    expect(said.get("gridmill_pool_earned_mill_total")).to.equal(2);
    expect(said.get("gridmill_pool_lost_mill_total")).to.equal(0.25);
    expect(said.get("gridmill_pool_operator_balance_ether")).to.equal(0.5);
    expect(said.get('gridmill_pool_escrow_mill{state="locked"}')).to.equal(3);
  });

  it("count failures by part and code, wherever they happen, and time what the gateway answers", async function () {
    const app = await openGateway(world);
    await app.inject({ url: `/tasks/0x${"11".repeat(32)}` });
    const expiredLeases = () => Promise.reject(new ChainUnreachableError("away"));
    world.pool = { ...world.pool, tasks: { ...world.pool.tasks, expiredLeases } };
    await sweep(world.pool);

    const said = await scrape();
    await app.close();

    expect(said.get('gridmill_pool_errors_total{part="gateway",code="GM_NOT_FOUND"}')).to.equal(1);
    expect(said.get('gridmill_pool_errors_total{part="sweep",code="GM_CHAIN_UNREACHABLE"}')).to.equal(1);
    const route = 'gridmill_pool_request_seconds_count{method="GET",route="/tasks/:taskId",status="404"}';
    expect(said.get(route)).to.equal(1);
  });
});

describe("a pool's purse", function () {
  const owner = addressOf(1);
  const poolOf = () => Promise.resolve({ id: 1n, owner, operator: addressOf(2), endpoint: "http://pool.example" });
  const accountOf = () => Promise.resolve({ available: 5n, locked: 3n });

  it("asks the chain once for many scrapes, and is empty while the chain does not answer", async function () {
    const errors: unknown[] = [];
    let asked = 0;
    const reader = { poolOf, accountOf } as unknown as Parameters<typeof createPurse>[0]["reader"];
    const rich = createPurse({
      ...{ reader, pool: 1n, onError: (error: unknown) => errors.push(error) },
      gasMoney: () => Promise.resolve(BigInt(++asked)),
    });
    const away = createPurse({
      ...{ reader, pool: 1n, onError: (error: unknown) => errors.push(error) },
      gasMoney: () => Promise.reject(new ChainUnreachableError("away")),
    });

    expect(await Promise.all([rich.read(), rich.read()])).to.deep.equal(
      Array(2).fill({ gas: 1n, available: 5n, locked: 3n }),
    );
    expect(await away.read()).to.equal(undefined);

    expect([rich.owner(), away.owner(), errors.length]).to.deep.equal([owner, undefined, 1]);
  });

  it("adds up what a transaction changed of the owner's escrow, free and locked", function () {
    const posted = (account: string, available: bigint, locked: bigint) => ({
      kind: "Posted",
      account,
      available,
      locked,
    });
    const events = [posted(owner, 130n, -100n), posted(addressOf(2), 7n, 0n), undefined, posted(owner, 0n, -10n)];
    const decoder = { decode: (log: unknown) => events[log as number] } as unknown as Parameters<
      typeof escrowChange
    >[2];
    const logs = events.map((_event, index) => index) as unknown as Parameters<typeof escrowChange>[1]["logs"];

    expect(escrowChange(owner, { logs }, decoder)).to.equal(20n);
    expect(escrowChange(undefined, { logs }, decoder)).to.equal(0n);
  });
});
