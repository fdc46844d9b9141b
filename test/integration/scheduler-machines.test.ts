import { expect } from "chai";
import { id as hashOf } from "ethers";

import type { Hash } from "../../protocol/primitives.ts";
import { placeTask } from "../../scheduler/actions/placing/place-task.ts";
import { isWorking } from "../../scheduler/domain/votes/vote-state.ts";
import { withRedis } from "../support/parts.ts";
import { addressOf, aVote, firstOf } from "../support/scheduler-records.ts";
import type { FakeWorker } from "../support/scheduler-worker.ts";
import { SchedulerWorld } from "../support/scheduler-world.ts";

const MACHINE = hashOf("a machine with several workers") as Hash;

/** Workers that say they are on one machine, with fingerprints that are invented here. */
describe("the votes of one machine", function () {
  const redis = withRedis();
  let world: SchedulerWorld;

  async function open(env: Readonly<Record<string, string>> = {}): Promise<void> {
    world = await SchedulerWorld.open(redis().url, env);
  }
  afterEach(() => world[Symbol.asyncDispose]());

  const connected = (silentAt?: "lease"): Promise<readonly FakeWorker[]> =>
    Promise.all([1, 2].map((index) => world.connect(index, { machine: MACHINE, ...(silentAt ? { silentAt } : {}) })));
  const voters = async (deal: Parameters<typeof firstOf>[0]): Promise<readonly string[]> =>
    (await world.taskOf(deal)).votes.map(({ worker, state }) => `${worker} ${state}`);

  it("are one for a task, whose second one comes from elsewhere; and the task says what it waits for", async function () {
    await open();
    await connected();
    const deal = world.openDeal();
    await world.settleDown();
    const alone = await world.taskOf(deal);
    const elsewhere = await world.connect(3);

    await world.drive("settled", world.isSettled(deal));

    expect([alone.state, alone.votes.length]).to.deep.equal(["planned", 1]);
    expect(alone.waitingFor).to.include("1 x its machine already votes on this task");
    const votes = (await world.taskOf(deal)).votes.map(({ worker, machine }) => ({ worker, machine }));
    expect(votes[1]!.worker).to.equal(elsewhere.address);
    expect(new Set(votes.map(({ machine }) => machine)).size).to.equal(2);
  });

  it("are as many as it has workers where the pool says so", async function () {
    await open({ GRIDMILL_SAME_MACHINE_VOTES: "true" });
    const workers = await connected();
    const deal = world.openDeal();

    await world.drive("settled", world.isSettled(deal));

    expect(await voters(deal)).to.have.members(workers.map(({ address }) => `${address} agree`));
  });

  it("are one even for a placement that has read its task before the first of them was leased", async function () {
    await open();
    const deal = world.openDeal({ trust: 1_000 });
    await world.settleDown();
    const before = await world.taskOf(deal);
    const lost = aVote(before.taskId, addressOf(50), "running");
    const get = () => Promise.resolve({ ...before, votes: [lost] });
    const late = { ...world.pool, tasks: { ...world.pool.tasks, get } };
    await connected("lease");
    await placeTask(world.pool, before.taskId);
    const [first] = (await world.taskOf(deal)).votes;
    await world.pool.workers.gone(first!.worker);

    await placeTask(late, before.taskId);

    expect((await world.taskOf(deal)).votes.filter(isWorking)).to.have.lengthOf(1);
  });

  it("are one when the answer of a lost lease comes after a neighbour has the task", async function () {
    await open();
    const workers = await connected("lease");
    const deal = world.openDeal();
    await world.settleDown();
    const [lost] = (await world.taskOf(deal)).votes;
    await world.pool.workers.gone(lost!.worker);
    await world.runOutLeases();
    await world.settleDown();
    await world.drive("the neighbour has it", async () => (await world.taskOf(deal)).votes.length === 2);

    const { leaseId, worker } = lost!;
    await world.hear(worker, { type: "computed", leaseId, taskId: firstOf(deal), tag: hashOf("late") as Hash });
    await world.settleDown();

    const states = new Map((await world.taskOf(deal)).votes.map((vote) => [vote.worker, vote.state]));
    expect(states.get(worker)).to.equal("lost");
    const late = workers.find(({ address }) => address === worker)!;
    expect(late.heard.map(({ type }) => type)).to.include("drop");
  });
});
