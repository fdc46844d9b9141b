import { expect } from "chai";
import { id as hashOf } from "ethers";

import type { Deal } from "../../protocol/deal.ts";
import { paramsHashOf } from "../../protocol/params.ts";
import { TaskWhySchema } from "../../protocol/pool-why.ts";
import type { TaskWhy } from "../../protocol/pool-why.ts";
import type { Hash } from "../../protocol/primitives.ts";
import { newApp } from "../../scheduler/domain/apps/app-standing.ts";
import { withTrial } from "../../scheduler/domain/apps/trial.ts";
import { withGateway } from "../support/gateway-fixture.ts";
import { withRedis } from "../support/parts.ts";
import { IMAGE } from "../support/scheduler-chain.ts";
import { firstOf } from "../support/scheduler-records.ts";

const MACHINE = hashOf("a machine with two workers") as Hash;

describe("why a task is where it is", function () {
  const redis = withRedis();
  const { world, app } = withGateway(redis);

  async function whyOf(deal: Deal): Promise<TaskWhy> {
    const answer = await app().inject({ url: `/tasks/${firstOf(deal)}/why` });
    expect(answer.statusCode, answer.body).to.equal(200);
    return TaskWhySchema.parse(answer.json());
  }

  it("tells who will be leased it, best first, and those are whom it is leased to", async function () {
    const deal = world().openDeal();
    await world().settleDown();
    const workers = await Promise.all([1, 2, 3].map((index) => world().connect(index, { silentAt: "accept" })));
    await world().pool.workers.note(workers[0]!.address, "refused", Date.now());

    const why = await whyOf(deal);
    await world().settleDown();

    expect(why).to.deep.include({ status: "planned", outlook: "next", votes: { out: 0, wanted: 2 }, needed: [] });
    expect(why.workers.at(-1)!.worker).to.equal(workers[0]!.address);
    const voters = (await world().taskOf(deal)).votes.map(({ worker }) => worker);
    expect(voters).to.deep.equal(why.workers.slice(0, 2).map(({ worker }) => worker));
    for (const { score } of why.workers) expect(score!.total).to.be.within(0, 1);
    expect(await whyOf(deal)).to.deep.include({ status: "running", outlook: "leased", votes: { out: 2, wanted: 0 } });
  });

  it("counts those tasks of a new app that are still compared, and no others", async function () {
    const deal = world().openDeal({ trust: 2 });
    await world().settleDown();
    await world().pool.tasks.update(firstOf(deal), (task) => withTrial(task, undefined));
    const over = ["gone", "gone too"].map((name) => hashOf(name) as Hash);
    await world().pool.apps.change(IMAGE, () => ({ ...newApp({ image: IMAGE, app: "1" }, 0), probes: over }));
    await world().trust(await world().connect(1), await world().connect(2));

    const why = await whyOf(deal);
    await world().settleDown();

    expect(why).to.deep.include({ outlook: "next", votes: { out: 0, wanted: 2 } });
    expect((await world().taskOf(deal)).trial).to.equal("probe");
  });

  it("tells what the requester weighs, and that alone decides", async function () {
    const params = JSON.stringify({ version: 1, weights: { energy: 1 } });
    world().params = params;
    const deal = world().openDeal({ trust: 2, paramsHash: paramsHashOf(params) });
    await world().settleDown();
    const [hungry, frugal] = [await world().connect(1, { watts: 400 }), await world().connect(2, { watts: 20 })];
    const unknown = await world().connect(3);

    const why = await whyOf(deal);
    await world().settleDown();

    expect(why.workers.map(({ worker, score }) => [worker, ...score!.terms.map(({ term }) => term)])).to.deep.equal(
      [frugal, unknown, hungry].map(({ address }) => [address, "energy"]),
    );
    expect((await world().taskOf(deal)).votes.map(({ worker }) => worker)).to.deep.equal([frugal.address]);
  });

  it("names each clause that excludes a worker, of one machine too, and says that waiting does not help", async function () {
    const [voter, neighbour] = [
      await world().connect(1, { machine: MACHINE }),
      await world().connect(2, { machine: MACHINE }),
    ];
    const poor = await world().connect(3);
    world().hub.covers.set(poor.address, 1n);
    await world().pool.workers.seen(poor.address, Date.now(), false);
    const deal = world().openDeal();
    await world().settleDown();

    const why = await whyOf(deal);

    const [first] = (await world().taskOf(deal)).votes;
    const other = first!.worker === voter.address ? neighbour : voter;
    const clauses = why.workers.map(({ worker, score, excluded }) => [
      ...[worker, score],
      ...excluded.map(({ clause }) => clause),
    ]);
    expect(clauses).to.have.deep.members([
      [first!.worker, null, "voted"],
      [other.address, null, "machine"],
      [poor.address, null, "accepting", "bond"],
    ]);
    expect(why).to.deep.include({ outlook: "never", votes: { out: 1, wanted: 1 } });
    expect(why.needed.map(({ what, met, of }) => [what, met, of])).to.deep.equal([
      ["workers that may vote on it", 0, 2],
      ["a machine that has no vote of this task", 1, 2],
      ["free bond", 1, 2],
      ["an owner who lends it now", 1, 2],
    ]);
  });

  it("says of a task that no worker has to do with what it waits for, and how it ended", async function () {
    world().params = undefined;
    const deal = world().openDeal({ requestHash: hashOf("no params") as Hash });
    await world().settleDown();
    expect((await app().inject({ url: `/tasks/${firstOf(deal)}/why` })).statusCode).to.equal(404);
    world().params = JSON.stringify({ version: 1, args: ["go"] });
    await world().connect(1);
    await world().connect(2);
    const other = world().openDeal();
    await world().drive("agreed", async () => (await world().stateOf(firstOf(other))) === "agreed");

    expect(await whyOf(other)).to.deep.include({ status: "agreed", outlook: "waiting", workers: [], needed: [] });
    await world().drive("settled", world().isSettled(other));
    await world().settleDown();
    expect(await whyOf(other)).to.deep.include({ status: "settled", outlook: "over", says: "it is settled" });
  });
});
