import { expect } from "chai";

import { ChainUnreachableError } from "../../chain/errors.ts";
import { SETTLE_WINDOW_SECONDS } from "../../protocol/constants.ts";
import type { Deal } from "../../protocol/deal.ts";
import { followEvent } from "../../scheduler/actions/following/follow-chain.ts";
import type { TaskVerdict } from "../../scheduler/ports.ts";
import { fresh } from "../support/market-world.ts";
import { withRedis } from "../support/parts.ts";
import { relayToWorkers, startProcess } from "../support/scheduler-process.ts";
import { SchedulerWorld } from "../support/scheduler-world.ts";
import { waitFor } from "../support/wait-for.ts";

/** Long tasks in lane 0, short ones in lane 1. */
const [LONG, SHORT] = [
  { lane: 0, category: 4 },
  { lane: 1, category: 0 },
];

describe("a pool of two lanes, on real queues", function () {
  const redis = withRedis();

  it("settles in one lane while an epoch of the other is stuck, gives that one up in the end, and settles its tasks after all", async function () {
    await using world = await SchedulerWorld.open(redis().url, { GRIDMILL_LANES: "2", GRIDMILL_EPOCH_SECONDS: "1" });
    const stuck = Promise.withResolvers<readonly TaskVerdict[]>();
    const { operator } = world.pool;
    const settle: typeof operator.settle = (plan, sealed) =>
      plan.lane === LONG.lane && sealed.epoch === 1 ? stuck.promise : operator.settle(plan, sealed);
    world.pool = { ...world.pool, operator: { ...operator, settle } };
    await using process = await startProcess(world, redis().url);
    const failures: unknown[] = [];
    using stack = new DisposableStack();
    stack.use(await relayToWorkers(world, [process], failures));
    for (const index of [1, 2]) await world.connect(index, { slots: 4 });
    const open = async (terms: Partial<Deal>): Promise<Deal> => {
      const deal = world.openDeal({ ...terms, requestHash: fresh() });
      await followEvent(process.pool, world.hub.events.at(-1) as Parameters<typeof followEvent>[1]);
      return deal;
    };
    const until = (what: string, done: () => boolean | Promise<boolean>): Promise<unknown> =>
      waitFor(what, async () => ((world.hub.now += 1), await done()), { timeoutMs: 20_000 });
    const epochOf = async (lane: number): Promise<string> => {
      const record = await world.pool.epochs.current(lane);
      return `${record?.epoch} ${record?.state}`;
    };

    const long = await open(LONG);
    await until("the long lane to settle", async () => (await epochOf(LONG.lane)) === "1 settling");
    for (let time = 0; time < 2; time++) await until("a short task", world.isSettled(await open(SHORT)));

    expect(await epochOf(LONG.lane)).to.equal("1 settling");
    await until("the short lane's end", async () => (await epochOf(SHORT.lane)) === "2 settled");
    world.hub.now += SETTLE_WINDOW_SECONDS;
    stuck.reject(new ChainUnreachableError("no node answers"));
    await until("the long task", world.isSettled(long));
    await until("the long lane's end", async () => (await epochOf(LONG.lane)) === "2 settled");
    expect(world.hub.lastEpoch(SHORT.lane)).to.include({ epoch: 2, settled: true });
    expect(failures).to.deep.equal([]);
  });
});
