import { expect } from "chai";

import { dealIdOf } from "../../protocol/deal.ts";
import type { PoolEpochs, PoolTasks, PoolWorkers } from "../../protocol/pool-api.ts";
import type { Hash } from "../../protocol/primitives.ts";
import { withGateway } from "../support/gateway-fixture.ts";
import { withRedis } from "../support/parts.ts";
import { bearerOf } from "../support/scheduler-gateway.ts";
import { firstOf } from "../support/scheduler-records.ts";

const OPERATOR = 7;
const OWNER = 8;
const another = (byte: string): Hash => `0x${byte.repeat(32)}`;

describe("a pool that is watched and drained", function () {
  const redis = withRedis();
  const { world, app } = withGateway(redis);

  const get = async <T>(url: string): Promise<T> => (await app().inject({ url })).json<T>();

  async function drain(draining: boolean, who?: number): Promise<number> {
    const headers = who === undefined ? {} : await bearerOf(app(), who);
    const answer = await app().inject({ method: "PUT", url: "/pool/drain", headers, payload: { draining } });
    return answer.statusCode;
  }

  it("says what its workers have at risk and how they did, what its tasks wait for, and how far its epochs are", async function () {
    await world().connect(1, { slots: 3 });
    await world().connect(2, { slots: 3 });
    const settled = world().openDeal();
    await world().drive("settled", world().isSettled(settled));
    await world().settleDown();
    for (const worker of world().workers.values()) worker.manners = { ...worker.manners, silentAt: "upload" };
    const sealed = world().openDeal({ requestHash: another("51") });
    await world().drive("opening", world().epochIs("opening"));
    const waiting = world().openDeal({ requestHash: another("52"), category: 3, maxWeight: 16, trust: 100 });
    await world().settleDown();

    const { workers } = await get<PoolWorkers>("/pool/workers");
    const { tasks } = await get<PoolTasks>("/pool/tasks");
    const { epochs } = await get<PoolEpochs>("/pool/epochs");

    expect(workers.map(({ worker }) => worker)).to.have.members([...world().workers.keys()]);
    for (const { outcomes, votes, atRisk } of workers) {
      expect([Math.round(outcomes.success), outcomes.reliability, votes, atRisk]).to.deep.equal([1, 1, 2, "2000"]);
      expect(outcomes).to.include({ late: 0, refused: 0, disagreed: 0 });
    }
    expect(tasks.map(({ taskId }) => taskId)).to.deep.equal([firstOf(sealed), firstOf(waiting)]);
    expect(tasks[1]!.waitingFor).to.be.a("string");
    const only = await get<PoolTasks>("/pool/tasks?status=settled&limit=1");
    expect(only.tasks.map(({ taskId, votes }) => [taskId, votes])).to.deep.equal([[firstOf(settled), { agree: 2 }]]);
    expect(epochs).to.have.length(1);
    expect(epochs[0]).to.include({ lane: 0, epoch: 2, state: "opening", tasks: 1, asked: 2, ballots: 2, note: null });
    expect((await app().inject({ url: "/pool/tasks?status=nonsense" })).statusCode).to.equal(400);
  });

  it("is drained by its operator and its owner, and by nobody else", async function () {
    expect([await drain(true), await drain(true, 1)]).to.deep.equal([401, 403]);
    expect((await get<{ draining: boolean }>("/pool")).draining).to.equal(false);

    for (const who of [OPERATOR, OWNER]) {
      expect(await drain(true, who)).to.equal(200);
      expect((await get<{ draining: boolean }>("/pool")).draining).to.equal(true);
      expect(await drain(false, who)).to.equal(200);
      expect(await world().pool.drain.isOn()).to.equal(false);
    }
  });

  it("finishes what was begun, begins nothing, and gives new deals back; then takes work again", async function () {
    await world().connect(1, { slots: 1, silentAt: "accept" });
    const begun = world().openDeal();
    await world().settleDown();
    expect((await world().taskOf(begun)).votes).to.have.length(1);
    const idle = world().openDeal({ requestHash: another("61") });
    await world().settleDown();
    await drain(true, OPERATOR);
    for (const index of [2, 3, 4]) await world().connect(index, { slots: 2 });
    const late = world().openDeal({ requestHash: another("62"), grace: 1_000 });

    await world().settleDown();
    await world().runOutLeases();
    await world().drive("the begun one", world().isSettled(begun));
    await world().settleDown();

    expect(await world().taskOf(idle)).to.include({
      state: "planned",
      waitingFor: "the pool drains and begins no new tasks",
    });
    expect((await world().taskOf(idle)).votes).to.deep.equal([]);
    const why = await get<object>(`/tasks/${firstOf(idle)}/why`);
    expect(why).to.include({ outlook: "waiting", says: "the pool drains and begins no new tasks" });
    expect((await world().pool.deals.get(dealIdOf(late)))!).to.include({
      ...{ stage: "declined", note: "the pool drains and takes no new deals" },
    });
    const { votes, epochs } = await get<{ votes: Record<string, number>; epochs: { state: string }[] }>("/pool");
    expect(Object.values(votes).reduce((sum, count) => sum + count)).to.equal(0);
    expect(epochs.map(({ state }) => state)).to.deep.equal(["settled"]);

    await drain(false, OPERATOR);
    await world().drive("the other", world().isSettled(idle));
  });
});
