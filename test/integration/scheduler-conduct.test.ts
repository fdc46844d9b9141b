import { expect } from "chai";
import { id as hashOf } from "ethers";

import { tagOf } from "../../protocol/ballot.ts";
import type { Deal } from "../../protocol/deal.ts";
import { digestOf } from "../../protocol/digest.ts";
import { PoolWorkersSchema } from "../../protocol/pool-api.ts";
import type { PoolWorkers } from "../../protocol/pool-api.ts";
import { TaskWhySchema } from "../../protocol/pool-why.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import { MOST_MISSED, OUT_MS } from "../../scheduler/domain/workers/conduct.ts";
import type { Vote } from "../../scheduler/domain/votes/vote-state.ts";
import { withGateway } from "../support/gateway-fixture.ts";
import { withRedis } from "../support/parts.ts";
import { firstOf } from "../support/scheduler-records.ts";
import { HONEST, WRONG } from "../support/scheduler-worker.ts";

describe("a pool that trusts a worker as far as it has proven itself", function () {
  const redis = withRedis();
  const { world, app } = withGateway(redis);
  let deals = 0;

  const openDeal = (changes: Partial<Deal> = {}): Deal =>
    world().openDeal({ requestHash: hashOf(`request ${deals++}`) as Hash, ...changes });

  async function clausesOf(deal: Deal): Promise<Readonly<Record<Address, readonly string[]>>> {
    const { workers } = TaskWhySchema.parse((await app().inject({ url: `/tasks/${firstOf(deal)}/why` })).json());
    return Object.fromEntries(workers.map(({ worker, excluded }) => [worker, excluded.map(({ clause }) => clause)]));
  }

  async function rowsOf(...wanted: readonly Address[]): Promise<PoolWorkers["workers"]> {
    const { workers } = PoolWorkersSchema.parse((await app().inject({ url: "/pool/workers" })).json());
    return wanted.map((worker) => workers.find((row) => row.worker === worker)!);
  }

  async function gradeOf(worker: Address): Promise<readonly [string, number | null]> {
    const [{ grade, until } = { grade: "gone", until: null }] = await rowsOf(worker);
    return [grade, until];
  }

  async function patchVotes(deal: Deal, patch: (vote: Vote) => Partial<Vote>): Promise<void> {
    await world().pool.tasks.update(firstOf(deal), (task) => ({
      ...task,
      votes: task.votes.map((vote) => ({ ...vote, ...patch(vote) })),
    }));
  }

  it("gives one whose vote differed nothing for an hour, and says so", async function () {
    const liar = await world().connect(1, { text: WRONG });
    const honest = [await world().connect(2)];
    const deal = openDeal();
    await world().settleDown();
    honest.push(await world().connect(3), await world().connect(4));
    await world().drive("settled", world().isSettled(deal));
    await world().settleDown();
    const lied = Math.floor(Date.now() / 1_000);
    expect((await world().taskOf(deal)).votes.map(({ state }) => state)).to.include("differ");
    for (const { address } of honest) expect(await gradeOf(address)).to.deep.equal(["probation", null]);

    const [grade, until] = await gradeOf(liar.address);
    const next = openDeal({ trust: 100 });
    await world().settleDown();

    expect(grade).to.equal("quarantined");
    expect(until).to.be.within(lied + 3_590, lied + 3_601);
    expect((await clausesOf(next))[liar.address]).to.deep.equal(["quarantine"]);
    expect((await world().taskOf(next)).votes.map(({ worker }) => worker)).to.not.include(liar.address);
    expect((await world().taskOf(next)).waitingFor).to.include("is in quarantine");
  });

  it("gives one nothing for a day whose tenth lease in a row has lapsed, and takes it back after it", async function () {
    const lost = await world().connect(1, { silentAt: "accept" });
    const start = Date.now();
    for (let turn = 1; turn < MOST_MISSED; turn++)
      await world().pool.workers.note(lost.address, "late", start - (MOST_MISSED - turn) * 15_000);
    const deal = openDeal();
    await world().settleDown();
    expect((await world().taskOf(deal)).votes).to.have.length(1);

    await world().runOutLeases();
    await world().drive("out", async () => (await gradeOf(lost.address))[0] === "out");

    expect((await clausesOf(deal))[lost.address]).to.include("out");
    await world().pool.workers.forget(lost.address, Date.now() + 1);
    for (let turn = 1; turn <= MOST_MISSED; turn++)
      await world().pool.workers.note(lost.address, "late", start - OUT_MS - (MOST_MISSED - turn) * 15_000);
    await world().reconnect(lost);
    expect(await gradeOf(lost.address)).to.deep.equal(["probation", null]);
  });

  it("gives a newcomer two leases beside a trusted worker, and all its slots where there is none", async function () {
    const known = await world().connect(1, { slots: 1, silentAt: "accept" });
    const newcomer = await world().connect(2, { slots: 4, silentAt: "accept" });
    await world().trust(known);
    openDeal({ trust: 2, volume: 5 });
    await world().settleDown();
    const leases = () => newcomer.heard.filter(({ type }) => type === "lease").length;
    expect(leases()).to.equal(2);
    const waiting = await world().pool.tasks.listIn(0, "planned");
    expect(waiting.map(({ waitingFor }) => waitingFor)).to.deep.equal(
      [0, 1].map(() => "1 x has as many leases as its probation allows, 1 x all slots taken"),
    );

    await world().pool.workers.seen(known.address, Date.now(), false);
    await world().drive("four leases", () => leases() === 4);
  });

  it("lets no vote of a worker on probation decide alone, whatever its score", async function () {
    const [known, newcomer] = [await world().connect(1), await world().connect(2)];
    for (const { address } of [known, newcomer]) world().hub.scores.set(address, 300);
    await world().trust(known);
    const votesOf = async (accepting: typeof known): Promise<number> => {
      const other = accepting === known ? newcomer : known;
      await world().pool.workers.seen(other.address, Date.now(), false);
      await world().pool.workers.seen(accepting.address, Date.now(), true);
      const deal = openDeal();
      await world().settleDown();
      await world().pool.workers.seen(other.address, Date.now(), true);
      await world().drive("agreed", async () => (await world().taskOf(deal)).state !== "planned");
      await world().drive("settled", world().isSettled(deal));
      await world().settleDown();
      return (await world().taskOf(deal)).votes.length;
    };

    expect([await votesOf(newcomer), await votesOf(known)]).to.deep.equal([2, 1]);
    const confirmed = [known, newcomer].map(
      async ({ address }) => (await world().pool.workers.conduct(address)).confirmed,
    );
    expect(await Promise.all(confirmed), "what nobody else said is confirmed by nobody").to.deep.equal([11, 1]);
  });

  it("times a run from the moment its worker says that the app runs", async function () {
    const { address } = await world().connect(1, { silentAt: "accept" });
    const deal = openDeal();
    await world().settleDown();
    const { taskId, votes } = await world().taskOf(deal);
    const { leaseId } = votes[0]!;

    await world().hear(address, { type: "progress", leaseId, stage: "fetching" });
    await patchVotes(deal, ({ since }) => ({ since: since - 60_000 }));
    await world().hear(address, { type: "progress", leaseId, stage: "running" });
    await patchVotes(deal, ({ ranSince }) => ({ ranSince: ranSince! - 20_000 }));
    await world().hear(address, { type: "progress", leaseId, stage: "running", percent: 50 });
    await world().hear(address, { type: "computed", leaseId, taskId, tag: tagOf(taskId, digestOf(HONEST)) });

    expect((await world().taskOf(deal)).votes[0]!.tookMs).to.be.within(20_000, 30_000);
  });

  it("takes the speed that five tasks show, where it is far below the one that was stated", async function () {
    const [honest, boaster] = [await world().connect(1), await world().connect(2)];
    const speedsAfter = async (): Promise<readonly (readonly [number, number])[]> => {
      const deal = openDeal();
      await world().drive("agreed", async () => (await world().taskOf(deal))?.state === "agreed");
      await patchVotes(deal, ({ worker }) => ({ tookMs: worker === honest.address ? 20_000 : 100_000 }));
      await world().drive("settled", world().isSettled(deal));
      await world().settleDown();
      const rows = await rowsOf(honest.address, boaster.address);
      return rows.map(({ speed: { stated, shown } }) => [stated, shown]);
    };
    for (let task = 1; task < 5; task++) await speedsAfter();
    expect(await speedsAfter()).to.deep.equal([
      [1_000, 1_000],
      [1_000, 200],
    ]);

    const next = openDeal({ trust: 100 });
    await world().settleDown();
    expect((await clausesOf(next))[boaster.address]).to.deep.equal(["speed"]);
  });
});
