import { expect } from "chai";

import { dealIdOf, taskIdOf } from "../../protocol/deal.ts";
import type { Deal } from "../../protocol/deal.ts";
import { digestOf } from "../../protocol/digest.ts";
import { faultsOf } from "../../scheduler/domain/workers/reputation.ts";
import type { PoolContext } from "../../scheduler/actions/context.ts";
import { crashAt } from "../support/chain/crash-points.ts";
import type { CrashPoints } from "../support/chain/crash-points.ts";
import { withRedis } from "../support/parts.ts";
import { HONEST } from "../support/scheduler-worker.ts";
import { SchedulerWorld } from "../support/scheduler-world.ts";

/** Every call that changes something outside the process. */
const EFFECTS = {
  tasks: ["create", "update", "lease", "extendLeases", "forget"],
  deals: ["create", "update", "forget"],
  epochs: ["put", "addBallot", "refuseBallot", "addOpening"],
  workers: ["put", "seen", "gone", "note"],
  ledger: ["add", "keep", "markResult", "forget"],
  operator: ["seal", "settle", "decline", "claim"],
} as const;

/** The same pool, in a process that dies at one of these calls. */
function mortal(pool: PoolContext, points: CrashPoints): PoolContext {
  const ports = Object.entries(EFFECTS).map(([name, methods]) => {
    const port = pool[name as keyof typeof EFFECTS];
    const effects = Object.fromEntries(methods.map((method) => [method, port[method as keyof typeof port]]));
    return [name, { ...port, ...points.wrap(effects) }];
  });
  return { ...pool, ...(Object.fromEntries(ports) as Partial<PoolContext>) };
}

/** What is to be the same however often somebody died on the way. */
async function endOf(world: SchedulerWorld, deal: Deal) {
  const task = (await world.pool.tasks.get(taskIdOf(dealIdOf(deal), 0)))!;
  const loads = await Promise.all([...world.workers.keys()].map((worker) => world.pool.tasks.loadOf(worker)));
  return {
    settledOnChain: [...world.hub.settled.values()],
    stage: (await world.pool.deals.get(dealIdOf(deal)))!.stage,
    state: task.state,
    hasResult: task.result !== undefined,
    votes: task.votes.map(({ state }) => state).sort(),
    loaded: loads.filter(({ working, atRisk }) => working.length > 0 || atRisk.votes > 0),
    epochs: world.hub.lastEpoch(0).epoch,
    leasesOut: await world.redis.zcard(world.keys("leases")),
  };
}

const GOOD_END = {
  settledOnChain: [digestOf(HONEST)],
  stage: "closed",
  state: "settled",
  hasResult: true,
  votes: ["agree", "agree"],
  loaded: [],
  epochs: 1,
  leasesOut: 0,
};

describe("a scheduler that is killed", function () {
  this.timeout(60_000);
  const redis = withRedis();

  /** Runs a deal through a process that dies at call `at`, then through another; false when it made fewer calls. */
  async function dies(at: number, when: "before" | "after"): Promise<boolean> {
    await using world = await SchedulerWorld.open(redis().url);
    const living = world.pool;
    const points = crashAt(at, when);
    world.pool = mortal(living, points);
    const deal = world.openDeal();
    try {
      await world.connect(1);
      await world.connect(2);
      await world.drive("settled", world.isSettled(deal));
      await world.settleDown();
    } catch (error) {
      if (!points.died.aborted) throw error;
    }
    if (points.died.aborted) {
      await world.restart(living);
      for (const index of [1, 2]) if (world.workers.size < index) await world.connect(index);
      await world.drive("settled by the next process", world.isSettled(deal));
    }
    await world.drive("closed", async () => (await endOf(world, deal)).stage === "closed");
    await world.settleDown();
    expect(await endOf(world, deal), `death ${when} call ${at}`).to.deep.equal(GOOD_END);
    return points.died.aborted;
  }

  for (const when of ["before", "after"] as const) {
    it(`just ${when} any of its effects leaves a deal that the next process brings to the same end`, async function () {
      let at = 0;
      while (await dies(at, when)) at++;

      expect(at, "effects of one deal").to.be.greaterThan(30);
    });
  }

  for (const [what, silentAt, state, away] of [
    ["ballots", "ballot", "balloting", 60],
    ["openings", "open", "opening", 600],
  ] as const) {
    it(`and stays away until the time for ${what} is over does not blame the workers for it`, async function () {
      await using world = await SchedulerWorld.open(redis().url);
      const workers = [await world.connect(1, { silentAt }), await world.connect(2, { silentAt })];
      const deal = world.openDeal();
      await world.drive(state, async () => (await world.pool.epochs.current(0))?.state === state);
      // What the workers said was lost with the process, and nobody listened for so many seconds.
      world.hub.now += away;
      for (const worker of workers) worker.manners = {};
      await world.restart();

      await world.drive("settled", world.isSettled(deal), 30);
      await world.drive("closed", async () => (await endOf(world, deal)).stage === "closed");

      expect(await endOf(world, deal)).to.deep.equal(GOOD_END);
      for (const { address } of workers)
        expect(faultsOf((await world.pool.workers.conduct(address)).reputation)).to.equal(0);
    });
  }
});
