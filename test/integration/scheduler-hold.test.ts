import { expect } from "chai";

import { NoGasMoneyError } from "../../chain/errors.ts";
import { PoolInfoSchema } from "../../protocol/pool-api.ts";
import { sweep } from "../../scheduler/actions/sweep.ts";
import { inSuite } from "../support/in-suite.ts";
import { withRedis } from "../support/parts.ts";
import { OPERATOR, startPoolOnChain } from "../support/pool-on-chain.ts";
import type { RunningPool } from "../support/pool-on-chain.ts";
import { SchedulerWorld } from "../support/scheduler-world.ts";
import { waitFor } from "../support/wait-for.ts";

const GWEI = 1_000_000_000n;

describe("a pool whose operator cannot pay", function () {
  this.timeout(60_000);
  const world = inSuite(startPoolOnChain);

  async function holdOf({ url }: RunningPool): Promise<string | undefined> {
    const answer = await fetch(`${url}/pool`);
    return PoolInfoSchema.parse(await answer.json()).hold?.code;
  }

  const give = (wei: bigint): Promise<unknown> =>
    world().grid.provider.send("anvil_setBalance", [world().grid.wallet(OPERATOR).address, `0x${wei.toString(16)}`]);

  it("says so while its key is dry, and does what it could not once it has money", async function () {
    const { grid } = world();
    await using pool = await world().start({ GRIDMILL_CONFIRMATIONS: "0" });
    expect(await holdOf(pool)).to.equal(undefined);

    await give(0n);
    await waitFor("the word", async () => (await holdOf(pool)) === "GM_NO_GAS_MONEY");
    const { dealId } = await world().open();
    await waitFor("a try", () => pool.log.some(({ msg, code }) => msg === "job failed" && code === "GM_NO_GAS_MONEY"));
    expect((await grid.reader.dealState(dealId)).open).to.equal(true);

    await give(10n ** 18n);

    await waitFor("the end of it", async () => (await holdOf(pool)) === undefined);
    await waitFor("the deal", async () => !(await grid.reader.dealState(dealId)).open, { timeoutMs: 30_000 });
    const told = pool.log.filter(({ msg }) => msg === "operator" || msg === "the operator can pay again");
    expect(told.map(({ msg }) => msg)).to.deep.equal(["operator", "the operator can pay again"]);
  });

  it("says so while gas costs more than it may pay", async function () {
    const { grid } = world();
    await using pool = await world().start({ GRIDMILL_MAX_FEE_GWEI: "30" });
    const price = async (wei: bigint): Promise<void> => {
      await grid.provider.send("anvil_setNextBlockBaseFeePerGas", [`0x${wei.toString(16)}`]);
      await grid.mine();
    };

    await price(100n * GWEI);
    await waitFor("the word", async () => (await holdOf(pool)) === "GM_FEES_TOO_HIGH");
    await price(GWEI);

    await waitFor("the end of it", async () => (await holdOf(pool)) === undefined);
  });
});

describe("tasks of a pool whose operator cannot pay", function () {
  const redis = withRedis();

  it("get no lease, say why, and go on by themselves", async function () {
    await using world = await SchedulerWorld.open(redis().url);
    for (const index of [1, 2]) await world.connect(index);
    const { operator } = world.pool;
    const why = new NoGasMoneyError("0x01 cannot pay for the gas");
    world.pool = { ...world.pool, operator: { ...operator, hold: () => Promise.resolve(why) } };

    const deal = world.openDeal();
    await world.settleDown();
    await sweep(world.pool);
    await world.settleDown();
    const waiting = await world.taskOf(deal);
    expect(waiting.votes).to.deep.equal([]);
    expect(waiting.waitingFor).to.equal("the pool gives no work out: 0x01 cannot pay for the gas (GM_NO_GAS_MONEY)");

    world.pool = { ...world.pool, operator };
    await sweep(world.pool);
    await world.drive("settled", world.isSettled(deal));
  });
});
