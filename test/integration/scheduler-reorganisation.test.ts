import { expect } from "chai";
import { Redis } from "ioredis";

import { ChainRevertedError, ChainUnreachableError } from "../../chain/errors.ts";
import { dealIdOf, taskIdOf } from "../../protocol/deal.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import { followEvent } from "../../scheduler/actions/following/follow-chain.ts";
import { rewindChain } from "../../scheduler/actions/following/rewind-chain.ts";
import { sweep } from "../../scheduler/actions/sweep.ts";
import { keysOf } from "../../scheduler/store/redis.ts";
import { withRedis } from "../support/parts.ts";
import { inSuite } from "../support/in-suite.ts";
import { OPERATOR, REQUESTER, startPoolOnChain } from "../support/pool-on-chain.ts";
import type { RunningPool } from "../support/pool-on-chain.ts";
import type { Manners } from "../support/scheduler-worker.ts";
import { SchedulerWorld } from "../support/scheduler-world.ts";
import { waitFor } from "../support/wait-for.ts";

describe("a pool whose chain is reorganised deeper than its confirmations", function () {
  this.timeout(60_000);
  const world = inSuite(startPoolOnChain);
  const redis = inSuite(() => {
    const client = new Redis(world().redisUrl);
    return Promise.resolve(
      Object.assign(client, { [Symbol.asyncDispose]: () => Promise.resolve(client.disconnect()) }),
    );
  });
  const keys = (name: string): string => keysOf(BigInt(world().grid.deployment.chainId), 1n)(name);
  const isOpen = async (dealId: Hash): Promise<boolean> => (await world().grid.reader.dealState(dealId)).open;
  const undoubted = async (): Promise<boolean> => (await redis().hlen(keys("doubts"))) === 0;
  const says = (pool: RunningPool, what: string) => (): boolean =>
    pool.log.some(({ msg, code }) => msg === what || code === what);

  /** Waits while blocks go by. */
  const whileMining = (what: string, condition: () => boolean | Promise<boolean>): Promise<unknown> =>
    waitFor(what, async () => (await world().grid.mine(), await condition()), { timeoutMs: 30_000 });

  /** Replaces every block above `block` by empty ones, and mines on. */
  async function lose(block: number): Promise<void> {
    const { grid } = world();
    await grid.automine(false);
    await grid.reorganise((await grid.reader.head()).number - block);
    await grid.automine(true);
    await grid.mine(4);
  }

  it("does again what it had done, once, and says so", async function () {
    const { grid } = world();
    const requester = grid.wallet(REQUESTER).address.toLowerCase() as Address;
    const operator = grid.wallet(OPERATOR).address;
    const funds = await grid.reader.accountOf(requester);
    await using pool = await world().start();
    const { dealId } = await world().open();
    const opened = (await grid.reader.head()).number;
    await whileMining("it to be given back", says(pool, "deal declined"));
    const nonce = await grid.provider.getTransactionCount(operator);

    await lose(opened);
    expect(await isOpen(dealId)).to.equal(true);

    await whileMining("the second time", async () => !(await isOpen(dealId)));
    await whileMining("no doubt", undoubted);
    expect(says(pool, "GM_REORGANISED")()).to.equal(true);
    expect(await grid.provider.getTransactionCount(operator)).to.equal(nonce);
    expect(await grid.reader.accountOf(requester)).to.deep.equal(funds);
    expect((await redis().hvals(keys("quarantined"))).join()).to.match(/GM_REORGANISED/);
  });

  it("gives up a deal that is on no branch any more", async function () {
    const { grid } = world();
    await using pool = await world().start();
    const before = (await grid.reader.head()).number;
    const { dealId } = await world().open(0);
    await whileMining("it to be seen", says(pool, "deal cannot be worked on and its grace has passed"));

    await lose(before);
    await whileMining("the doubt", async () => !(await undoubted()));
    await grid.provider.send("evm_increaseTime", [601]);

    await whileMining("its end", says(pool, "deal given up"));
    const deal = await redis().hget(keys(`deal:${dealId}`), "document");
    expect(JSON.parse(deal!)).to.include({
      stage: "declined",
      note: "a reorganisation removed the deal from the chain",
    });
    expect(await undoubted()).to.equal(true);
  });
});

describe("a settle that a reorganisation removed", function () {
  const redis = withRedis();

  /** A deal of one task that was settled, and is not any more. */
  async function unsettled(world: SchedulerWorld) {
    for (const index of [1, 2]) await world.connect(index);
    const deal = world.openDeal();
    const taskId = taskIdOf(dealIdOf(deal), 0);
    await world.drive("settled", world.isSettled(deal));
    await world.settleDown();
    const digest = world.hub.settled.get(taskId)!;
    world.hub.settled.delete(taskId);
    return { deal, taskId, digest };
  }

  it("leaves its tasks alone while it is sent again, and they end with it", async function () {
    await using world = await SchedulerWorld.open(redis().url);
    const { deal, taskId, digest } = await unsettled(world);
    const operator = { redo: async () => ["settle"], isDone: async () => false };
    world.pool = { ...world.pool, operator: { ...world.pool.operator, ...operator } };

    await rewindChain(world.pool, 1);
    await sweep(world.pool);
    await world.settleDown();
    expect((await world.taskOf(deal)).state).to.equal("sealed");
    expect((await world.pool.deals.get(dealIdOf(deal)))?.stage).to.equal("entered");

    world.hub.settled.set(taskId, digest);
    await followEvent(world.pool, { kind: "TaskSettled", dealId: dealIdOf(deal), index: 0, digest } as never);
    const { state, votes } = await world.taskOf(deal);
    expect(state).to.equal("settled");
    expect(votes.map((vote) => vote.state)).to.deep.equal(["agree", "agree"]);
  });

  it("goes with its seal where that is lost for good, and the epoch's number comes again at once", async function () {
    await using world = await SchedulerWorld.open(redis().url);
    const { deal, taskId, digest } = await unsettled(world);
    world.hub.epochs.clear();
    world.hub.sent.clear();

    await rewindChain(world.pool, 1);
    await world.drive("settled again", world.isSettled(deal), 60);

    expect(world.hub.settled.get(taskId)).to.equal(digest);
    expect(world.hub.lastEpoch(0).epoch).to.equal(1);
  });

  for (const state of ["opening", "settling"]) {
    it(`is not waited for where the seal of an epoch that is ${state} is lost for good`, async function () {
      await using world = await SchedulerWorld.open(redis().url);
      const manners: Manners = state === "opening" ? { silentAt: "open" } : {};
      const workers = [await world.connect(1, manners), await world.connect(2, manners)];
      const { operator } = world.pool;
      const settle = (): Promise<never> => Promise.reject(new ChainUnreachableError("no node answers"));
      if (state === "settling") world.pool = { ...world.pool, operator: { ...operator, settle } };
      const deal = world.openDeal();
      await world.drive(state, world.epochIs(state)).catch(() => {});
      expect(await world.epochIs(state)()).to.equal(true);
      world.hub.epochs.clear();
      world.hub.sent.clear();
      world.pool = { ...world.pool, operator };
      for (const worker of workers) worker.manners = {};

      await world.drive("settled after all", world.isSettled(deal), 90);

      expect(world.hub.lastEpoch(0).epoch).to.equal(1);
    });
  }

  it("is sent by another name when its seal came into another second and it was refused on the way", async function () {
    await using world = await SchedulerWorld.open(redis().url);
    for (const index of [1, 2]) await world.connect(index);
    const { operator } = world.pool;
    const named: number[] = [];
    const settle: typeof operator.settle = (plan, of) => {
      if (named.length === 0) world.hub.lastEpoch(0).sealedAt += 1;
      named.push(of.sealedAt);
      // As the sender's journal: what was refused by its name stays so.
      return of.sealedAt === named[0] ? Promise.reject(new ChainRevertedError("HubEpochTooYoung")) : operator.settle(plan, of); // prettier-ignore
    };
    world.pool = { ...world.pool, operator: { ...operator, settle } };
    const deal = world.openDeal();

    await world.drive("settled", world.isSettled(deal));

    expect(named).to.deep.equal([named[0], named[0]! + 1]);
    expect(world.hub.lastEpoch(0).epoch).to.equal(1);
  });

  it("lets its tasks go on to another epoch when it cannot be sent again", async function () {
    await using world = await SchedulerWorld.open(redis().url);
    const { deal, taskId, digest } = await unsettled(world);

    await rewindChain(world.pool, 1);
    await rewindChain(world.pool, 1);
    await sweep(world.pool);
    await world.drive("settled again", world.isSettled(deal));

    expect(world.hub.settled.get(taskId)).to.equal(digest);
    expect(world.hub.lastEpoch(0).epoch).to.equal(2);
    expect(await world.pool.doubts.all()).to.deep.equal([]);
  });

  it("touches nothing that the new branch has as well", async function () {
    await using world = await SchedulerWorld.open(redis().url);
    const { deal, taskId, digest } = await unsettled(world);
    world.hub.settled.set(taskId, digest);

    await rewindChain(world.pool, 1);

    expect((await world.taskOf(deal)).state).to.equal("settled");
    expect(await world.pool.doubts.all()).to.deep.equal([]);
  });
});
