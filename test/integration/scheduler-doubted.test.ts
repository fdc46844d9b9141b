import { expect } from "chai";
import { id as hashOf } from "ethers";

import type { Deal } from "../../protocol/deal.ts";
import type { Hash } from "../../protocol/primitives.ts";
import type { Vote } from "../../scheduler/domain/votes/vote-state.ts";
import { voidVotes } from "../../scheduler/epochs/void-votes.ts";
import { withRedis } from "../support/parts.ts";
import { WRONG } from "../support/scheduler-worker.ts";
import type { FakeWorker } from "../support/scheduler-worker.ts";
import { SchedulerWorld } from "../support/scheduler-world.ts";

/** Seconds in which no epoch takes a task. */
const GRACE = 1_000;

describe("what a worker has answered that is caught with another answer", function () {
  const redis = withRedis();
  let world: SchedulerWorld;
  let deals = 0;

  beforeEach(async () => {
    world = await SchedulerWorld.open(redis().url, { GRIDMILL_LANES: "2" });
  });
  afterEach(() => world[Symbol.asyncDispose]());

  const openDeal = (changes: Partial<Deal> = {}): Deal =>
    world.openDeal({ requestHash: hashOf(`request ${deals++}`) as Hash, ...changes });
  const voteIn = async (deal: Deal, { address }: FakeWorker): Promise<Vote | undefined> =>
    (await world.taskOf(deal))?.votes.find(({ worker }) => worker === address);
  const voteOf = async (deal: Deal, worker: FakeWorker): Promise<Vote> => (await voteIn(deal, worker))!;
  const stateIs = (deal: Deal, state: string) => async () => (await world.taskOf(deal))?.state === state;

  /** The worker differs in a settle of lane 0, beside newcomers who are honest. */
  async function isCaught(liar: FakeWorker, ...newcomers: readonly number[]): Promise<void> {
    liar.manners = { ...liar.manners, text: WRONG };
    const deal = openDeal();
    await world.drive("its lie", async () =>
      (await world.taskOf(deal))?.votes.some(({ worker }) => worker === liar.address),
    );
    for (const index of newcomers) await world.connect(index);
    await world.drive("settled", world.isSettled(deal));
    await world.settleDown();
    expect((await voteOf(deal, liar)).state).to.equal("differ");
  }

  it("is not believed any more: the task wants another answer, and the worker hears it and is not punished twice", async function () {
    const [liar, honest] = [await world.connect(1, { slots: 8 }), await world.connect(2, { slots: 8 })];
    const deal = openDeal({ grace: GRACE });
    await world.drive("agreed", stateIs(deal, "agreed"));
    const { leaseId } = await voteOf(deal, liar);
    const wanting = openDeal({ trust: 1_000_000 });
    await world.drive("answered", async () => (await voteIn(wanting, liar))?.state === "computed");

    await isCaught(liar, 3, 4);

    expect(await voteOf(deal, liar)).to.include({ state: "lost", code: "GM_VOTE_DOUBTED" });
    expect(liar.heard.filter((said) => said.type === "drop" && said.leaseId === leaseId)).to.have.lengthOf(1);
    expect(await world.pool.workers.caught()).to.deep.equal([]);
    const { history, votes } = await world.taskOf(deal);
    expect(history.map(({ status }) => status)).to.include.members(["agreed", "planned"]);
    expect(votes.filter(({ state }) => state === "computed").map(({ worker }) => worker)).to.include(honest.address);

    const again = await voteOf(wanting, liar);
    const { taskId, state } = await world.taskOf(wanting);
    await world.hear(liar.address, { type: "computed", leaseId: again.leaseId, taskId, tag: again.tag! });
    expect([state, (await voteOf(wanting, liar)).state], "said again where votes are wanted").to.deep.equal([
      "planned",
      "lost",
    ]);
    world.hub.now += GRACE;
    await world.drive("settled", world.isSettled(deal));
    expect((await voteOf(deal, liar)).state).to.equal("lost");
    const { disagreed, late, refused } = (await world.pool.workers.conduct(liar.address)).reputation;
    expect([Math.round(disagreed), late, refused]).to.deep.equal([1, 0, 0]);
  });

  it("is ended where it still computes, and its slot and stake are free", async function () {
    const liar = await world.connect(1, { slots: 8, silentAt: "accept" });
    const deal = openDeal({ trust: 2 });
    await world.drive("it runs", async () => (await voteIn(deal, liar))?.state === "running");
    const { leaseId } = await voteOf(deal, liar);
    liar.manners = { slots: 8 };

    await isCaught(liar, 3, 4, 5);

    expect(liar.heard.some((said) => said.type === "drop" && said.leaseId === leaseId)).to.equal(true);
    expect(await world.pool.tasks.loadOf(liar.address)).to.deep.equal({ working: [], atRisk: { votes: 0, stake: 0n } });
    await world.drive("settled by another", world.isSettled(deal));
  });

  it("is the protocol's as soon as it stands in a ballot: it is settled with the others", async function () {
    const liar = await world.connect(1, { slots: 8 });
    const mute = await world.connect(2, { slots: 8, silentAt: "open" });
    const deal = openDeal({ lane: 1 });
    await world.drive("sealed", stateIs(deal, "sealed"));
    await world.pool.workers.gone(mute.address);

    await isCaught(liar, 3, 4, 5);

    expect((await voteOf(deal, liar)).state).to.equal("balloted");
    mute.manners = {};
    await world.drive("settled", world.isSettled(deal));
    await world.settleDown();
    expect((await voteOf(deal, liar)).state).to.equal("agree");
    expect(await world.pool.workers.caught()).to.deep.equal([]);
  });

  it("is taken back to the last, even if the process dies in the middle", async function () {
    const [liar] = [await world.connect(1, { slots: 8 }), await world.connect(2, { slots: 8 })];
    const open = [openDeal({ grace: GRACE }), openDeal({ grace: GRACE, lane: 1 })];
    for (const deal of open) await world.drive("agreed", stateIs(deal, "agreed"));
    const whole = world.pool;
    const dying = { ...whole.tasks, update: () => Promise.reject(new Error("killed")) };
    await whole.workers.note(liar.address, "disagreed", whole.clock.now());

    for (const lane of [0, 1]) {
      const killed = await voidVotes({ ...whole, tasks: dying }, lane).catch((error: Error) => error.message);
      expect(killed).to.equal("killed");
      await voidVotes(whole, lane);
      expect((await voteOf(open[lane]!, liar)).state).to.equal("lost");
      expect(await whole.workers.caught(), `after lane ${lane}`).to.have.lengthOf(1 - lane);
    }
  });
});
