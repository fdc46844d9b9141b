import { expect } from "chai";

import { PoolWorkersSchema } from "../../protocol/pool-api.ts";
import { TaskWhySchema } from "../../protocol/pool-why.ts";
import type { Deal } from "../../protocol/deal.ts";
import { withGateway } from "../support/gateway-fixture.ts";
import { withRedis } from "../support/parts.ts";
import { accountOf, bearerOf, openSocket } from "../support/scheduler-gateway.ts";
import { firstOf } from "../support/scheduler-records.ts";
import { claimOf } from "../support/scheduler-worker.ts";
import type { FakeWorker } from "../support/scheduler-worker.ts";
import { SchedulerWorld } from "../support/scheduler-world.ts";

const OWNER = 20;

/** Workers on machines of their own, whose owner has signed that they are his. */
describe("the votes of one owner", function () {
  const redis = withRedis();
  const { world, app } = withGateway(redis);

  const fleetOf = (of: SchedulerWorld, ...indexes: readonly number[]): Promise<readonly FakeWorker[]> =>
    Promise.all(indexes.map(async (index) => of.connect(index, { owner: await claimOf(OWNER, index) })));

  async function reasonsFor(deal: Deal): Promise<readonly string[]> {
    const { workers } = TaskWhySchema.parse((await app().inject({ url: `/tasks/${firstOf(deal)}/why` })).json());
    return workers.flatMap(({ excluded }) => excluded.map(({ clause, reason }) => `${clause}: ${reason}`));
  }

  it("are one for a task, whose second one is somebody else's; and task why says so", async function () {
    const fleet = await fleetOf(world(), 1, 2);
    const deal = world().openDeal();
    await world().settleDown();
    const alone = await world().taskOf(deal);
    const reasons = await reasonsFor(deal);
    const other = await world().connect(3);

    await world().drive("settled", world().isSettled(deal));

    expect([alone.state, alone.votes.length]).to.deep.equal(["planned", 1]);
    expect(reasons).to.have.members([
      "voted: already votes on this task",
      "owner: its owner already votes on this task",
    ]);
    const { votes } = await world().taskOf(deal);
    expect(votes.map(({ worker }) => worker).filter((worker) => worker !== other.address)).to.have.lengthOf(1);
    expect(votes.map(({ owner }) => owner)).to.have.members([accountOf(OWNER), undefined]);
    const { workers } = PoolWorkersSchema.parse((await app().inject({ url: "/pool/workers" })).json());
    const owners = Object.fromEntries(workers.map(({ worker, owner }) => [worker, owner]));
    expect(owners).to.deep.equal({
      ...Object.fromEntries(fleet.map(({ address }) => [address, accountOf(OWNER)])),
      [other.address]: null,
    });
  });

  it("are as many as he has workers where the pool says so", async function () {
    await using open = await SchedulerWorld.open(redis().url, { GRIDMILL_SAME_MACHINE_VOTES: "true" });
    await fleetOf(open, 1, 2);
    const deal = open.openDeal();

    await open.drive("settled", open.isSettled(deal));

    expect((await open.taskOf(deal)).votes).to.have.lengthOf(2);
  });

  it("are two again where one of the workers states no owner any more", async function () {
    const [, second] = await fleetOf(world(), 1, 2);
    second!.manners = {};
    await world().reconnect(second!);
    const deal = world().openDeal();

    await world().drive("settled", world().isSettled(deal));

    expect((await world().taskOf(deal)).votes).to.have.lengthOf(2);
  });

  it("are not to be had by saying the name of another: the connection is closed, and the worker is none", async function () {
    await app().listen({ host: "127.0.0.1", port: 0 });
    using socket = await openSocket(app(), await bearerOf(app(), 1));
    const [hello] = (await world().connect(2, { owner: await claimOf(OWNER, 2) })).hello();

    socket.send(hello!);

    expect(await socket.closed).to.equal(1008);
    expect(await world().pool.workers.get(accountOf(1))).to.equal(undefined);
  });
});
