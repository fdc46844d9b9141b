import { expect } from "chai";

import { dealIdOf, taskIdOf } from "../../protocol/deal.ts";
import type { Deal } from "../../protocol/deal.ts";
import { paramsHashOf } from "../../protocol/params.ts";
import { withRedis } from "../support/parts.ts";
import { SchedulerWorld } from "../support/scheduler-world.ts";

const GRACE = 100;

/** Params that hash to what was signed, so that nobody can say they are not the deal's, and that nobody can run. */
describe("a pool given params that cannot be read", function () {
  const redis = withRedis();
  let world: SchedulerWorld;
  beforeEach(async function () {
    world = await SchedulerWorld.open(redis().url);
    await world.connect(1);
    await world.connect(2);
  });
  afterEach(() => world[Symbol.asyncDispose]());

  const openDealOf = (params: string, changes: Partial<Deal> = {}): Deal => {
    world.params = params;
    return world.openDeal({ paramsHash: paramsHashOf(params), ...changes });
  };
  const recordOf = async (deal: Deal) => (await world.pool.deals.get(dealIdOf(deal)))!;

  for (const [name, params, why] of [
    ["are not JSON", "version: 1", "The params are not JSON"],
    ["are JSON of another form", '{"version":1,"surprise":true}', "surprise"],
  ] as const) {
    describe(`because they ${name}`, function () {
      it("declines the deal at the last second of its grace", async function () {
        const deal = openDealOf(params, { grace: GRACE });
        world.hub.now = deal.openedAt + GRACE - 1;

        await world.settleDown();

        expect(world.hub.closed.get(dealIdOf(deal))).to.equal("declined");
        const { stage, note } = await recordOf(deal);
        expect(stage).to.equal("declined");
        expect(note).to.include(why);
      });

      it("waits once the grace has passed, says why, and leases nothing", async function () {
        const deal = openDealOf(params, { grace: GRACE });
        world.hub.now = deal.openedAt + GRACE;

        await world.settleDown();

        expect(world.hub.closed.size).to.equal(0);
        const { stage, note } = await recordOf(deal);
        expect(stage).to.equal("waiting");
        expect(note).to.include(why);
        expect(await world.pool.tasks.get(taskIdOf(dealIdOf(deal), 0))).to.equal(undefined);
        expect([...world.workers.values()].flatMap(({ heard }) => heard.map(({ type }) => type))).to.not.include(
          "lease",
        );
      });

      it("goes on with other deals", async function () {
        openDealOf(params, { grace: 0 });
        await world.settleDown();

        const good = openDealOf('{"version":1}');

        await world.drive("settled", world.isSettled(good));
      });
    });
  }
});
