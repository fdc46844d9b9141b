import { expect } from "chai";
import { id as hashOf } from "ethers";

import { dealIdOf, taskIdOf } from "../../protocol/deal.ts";
import type { Deal } from "../../protocol/deal.ts";
import { manifestOf } from "../../protocol/digest.ts";
import { PoolAppsSchema } from "../../protocol/pool-api.ts";
import { TaskWhySchema } from "../../protocol/pool-why.ts";
import type { Hash } from "../../protocol/primitives.ts";
import { afterCause, allowed, newApp, REFUSED_MS } from "../../scheduler/domain/apps/app-standing.ts";
import { withTrial } from "../../scheduler/domain/apps/trial.ts";
import { createAppStore } from "../../scheduler/store/apps.ts";
import { withGateway } from "../support/gateway-fixture.ts";
import { withRedis } from "../support/parts.ts";
import { IMAGE } from "../support/scheduler-chain.ts";
import { bearerOf } from "../support/scheduler-gateway.ts";
import { firstOf } from "../support/scheduler-records.ts";
import { WRONG } from "../support/scheduler-worker.ts";
import type { FakeWorker, Manners } from "../support/scheduler-worker.ts";

/** What an app that does not repeat itself leaves behind: `same` is the same every time. */
const outputOf = (run: number): string =>
  manifestOf(
    [
      { path: "random", bytes: 8, sha256: `${run}`.repeat(64) },
      { path: "same", bytes: 4, sha256: "aa".repeat(32) },
    ],
    0,
  );

describe("a pool that does not know an app", function () {
  const redis = withRedis();
  const { world, app } = withGateway(redis);
  let deals = 0;

  const openDeal = (changes: Partial<Deal> = {}): Deal =>
    world().openDeal({ requestHash: hashOf(`request ${deals++}`) as Hash, trust: 2, ...changes });

  async function connectTrusted(...manners: readonly Manners[]): Promise<readonly FakeWorker[]> {
    const workers: FakeWorker[] = [];
    for (const [place, how] of manners.entries()) workers.push(await world().connect(place + 1, how));
    await world().trust(...workers);
    return workers;
  }

  const leasesOf = ({ heard }: FakeWorker): number => heard.filter(({ type }) => type === "lease").length;
  const standing = async (): Promise<string | undefined> => (await world().pool.apps.get(IMAGE))?.standing;
  const settled = (deal: Deal): Promise<void> => world().drive("settled", world().isSettled(deal));
  const whyOf = async (taskId: Hash) =>
    TaskWhySchema.parse((await app().inject({ url: `/tasks/${taskId}/why` })).json());

  it("has two trusted workers compute two of its tasks, and then gives out the others as ever", async function () {
    const trusted = await connectTrusted({ slots: 8, silentAt: "accept" }, { slots: 8, silentAt: "accept" });
    const newcomer = await world().connect(3, { slots: 8 });
    const deal = openDeal({ volume: 20 });
    await world().settleDown();

    expect(trusted.map(leasesOf)).to.deep.equal([2, 2]);
    expect(leasesOf(newcomer)).to.equal(0);
    const tasks = await world().pool.tasks.getAll(
      Array.from({ length: 20 }, (_, index) => taskIdOf(dealIdOf(deal), index)),
    );
    const held = tasks.find(({ state }) => state === "planned")!;
    expect(held.waitingFor).to.include("its app is new here");
    expect(await whyOf(held.taskId)).to.deep.include({ outlook: "waiting", says: held.waitingFor });

    for (const worker of trusted) worker.manners = { slots: 8 };
    await world().runOutLeases();
    await settled(deal);
    await world().settleDown();

    expect(await standing()).to.equal("known");
    const votes = (await world().pool.tasks.getAll(tasks.map(({ taskId }) => taskId))).map(
      (task) => task.votes.filter(({ state }) => state === "agree").length,
    );
    const most = votes.toSorted((a, b) => b - a);
    expect([most[0], most[2]], "two votes where the app was compared, one of its other tasks").to.deep.equal([2, 1]);
  });

  it("believes a third worker where two differ: the app goes on, and the liar does not", async function () {
    const [, liar] = await connectTrusted({}, { text: WRONG });
    await world().connect(3);
    const deal = openDeal();

    await settled(deal);
    await world().settleDown();

    expect(await standing()).to.equal("known");
    expect((await world().taskOf(deal)).votes.find(({ worker }) => worker === liar!.address)?.state).to.equal("differ");
    expect((await world().pool.workers.conduct(liar!.address)).grade).to.equal("quarantined");
  });

  it("refuses it where three give three answers, and gives back what it may", async function () {
    await connectTrusted({ text: outputOf(1) }, { text: outputOf(2) });
    await world().connect(3, { text: outputOf(3) });
    const [late, inGrace] = [openDeal(), openDeal({ grace: 600, trust: 3 })];
    await world().drive("refused", async () => (await standing()) === "refused");
    await world().drive("declined", () => world().hub.closed.get(dealIdOf(inGrace)) === "declined");
    await world().settleDown();

    const { says, outlook } = await whyOf(firstOf(late));
    expect(outlook).to.equal("waiting");
    expect(says).to.match(
      /^App 1 does not repeat its own answers: three .+; they differ in random\. .+GM_APP_REFUSED\)$/,
    );
    const { state, history } = await world().taskOf(inGrace);
    expect(state).to.equal("declined");
    expect(history.at(-1)!.note).to.include("they differ in random").and.to.include("GM_APP_REFUSED");

    const next = openDeal({ grace: 600 });
    await world().drive("declined", () => world().hub.closed.get(dealIdOf(next)) === "declined");
    expect(await world().pool.tasks.get(firstOf(next)), "nothing of it is taken in").to.equal(undefined);
    expect((await world().pool.deals.get(dealIdOf(next)))!.note).to.include("GM_APP_REFUSED");
  });

  it("names the files by what workers voted for, and nothing else, and gives their votes up with that", async function () {
    await connectTrusted({ text: outputOf(1), shows: outputOf(9) }, { text: outputOf(2) });
    const last = await world().connect(3, { text: "fail output-kind\n" });
    const deal = openDeal();
    await world().drive("refused", async () => (await standing()) === "refused");
    await world().settleDown();
    const filesOf = async () => (await world().pool.apps.get(IMAGE))!.dispute!.files;
    expect(await filesOf()).to.deep.equal(["how it ended"]);
    const codes = async () => (await world().taskOf(deal)).votes.map(({ state, code }) => [state, code]);
    expect(await codes()).to.have.deep.members([
      ["computed", undefined],
      ["failed", "GM_VOTE_GIVEN_UP"],
      ["failed", "GM_VOTE_GIVEN_UP"],
    ]);

    const liar = [...world().workers.values()][0]!;
    const show = () => world().hear(liar.address, { type: "manifest", taskId: firstOf(deal), text: outputOf(1) });
    await world().pool.tasks.update(firstOf(deal), (task) => withTrial(task, "told"));
    await show();
    expect(await filesOf(), "of a task that goes on").to.deep.equal(["how it ended"]);
    await world().pool.tasks.update(firstOf(deal), (task) => withTrial(task, "disputed"));
    await show();
    expect(await filesOf()).to.deep.equal(["random", "how it ended"]);
    const stranger = await world().connect(4);
    await world().hear(stranger.address, { type: "manifest", taskId: firstOf(deal), text: outputOf(1) });
    await world().hear(last.address, { type: "manifest-refused", taskId: firstOf(deal), code: "GM_X", message: "no" });
    expect(await world().redis.hlen(world().keys("shown", firstOf(deal)))).to.equal(3);
  });

  it("takes it again after a day, as one that it does not know", async function () {
    await connectTrusted({ text: outputOf(1) }, { text: outputOf(2) });
    const last = await world().connect(3, { text: outputOf(3) });
    for (const { address } of world().workers.values()) world().hub.scores.set(address, 300);
    const disputed = openDeal();
    await world().drive("refused", async () => (await standing()) === "refused");
    await world().settleDown();

    await world().pool.apps.change(IMAGE, (record) => ({ ...record!, until: Date.now() - 1 }));
    for (const worker of world().workers.values()) worker.manners = {};
    const next = openDeal();
    await settled(next);
    await world().settleDown();

    expect(await standing()).to.equal("known");
    expect(await whyOf(firstOf(disputed)), "none of its three answers decides it").to.deep.include({
      ...{ status: "planned", outlook: "waiting" },
      says: "its app was once refused over it, and its votes were given up: its price is refunded after its deadline",
    });
    expect(leasesOf(last), "two trusted workers were enough").to.equal(1);
    expect(REFUSED_MS).to.equal(86_400_000);
  });

  it("lets its tasks wait for a quarter of their time at most", async function () {
    const busy = await connectTrusted({ slots: 1, silentAt: "accept" }, { slots: 1, silentAt: "accept" });
    const newcomer = await world().connect(3);
    const deal = openDeal({ volume: 3 });
    await world().settleDown();
    const waiting = async (): Promise<number> => world().pool.tasks.countIn(0, "planned");
    expect([busy.map(leasesOf), await waiting()]).to.deep.equal([[1, 1], 2]);
    const taskIds = [0, 1, 2].map((index) => taskIdOf(dealIdOf(deal), index));
    const clauses = (await Promise.all(taskIds.map(whyOf))).map(({ workers }) =>
      workers.find(({ worker }) => worker === newcomer.address)?.excluded.map(({ clause }) => clause),
    );
    expect(clauses, "one runs, one is next for the trusted, one waits for both").to.have.deep.members([
      [],
      ["app"],
      undefined,
    ]);

    world().hub.now += 749;
    await world().settleDown();
    expect(await waiting()).to.equal(2);
    world().hub.now += 6;
    await world().drive("the newcomer to have them", async () => (await waiting()) === 0, 30);
    expect(await standing()).to.equal("probation");
  });

  it("asks no more of newcomers than of an app that it knows, and hears what they say of it all the same", async function () {
    for (const run of [1, 2, 3]) await world().connect(run, { text: manifestOf([], run) });
    const alone = openDeal();
    await settled(alone);
    await world().settleDown();
    expect((await world().taskOf(alone)).votes).to.have.length(1);
    expect(await standing(), "nobody has compared it").to.equal(undefined);

    openDeal({ trust: 3 });
    await world().drive("refused", async () => (await standing()) === "refused");
  });

  it("is overruled by its operator, and by nobody else", async function () {
    await connectTrusted({ text: outputOf(1) }, { text: outputOf(2) });
    await world().connect(3, { text: outputOf(3) });
    openDeal();
    await world().drive("refused", async () => (await standing()) === "refused");
    const digest = IMAGE.split(":").at(-1)!;
    const operator = await bearerOf(app(), 7);
    const list = await app().inject({ url: "/pool/apps", headers: operator });
    expect(PoolAppsSchema.parse(list.json()).apps).to.have.lengthOf(1);
    expect(PoolAppsSchema.parse(list.json()).apps[0]).to.deep.include({ digest, image: IMAGE, standing: "refused" });

    const stranger = await bearerOf(app(), 5);
    const allow = { method: "POST", url: `/pool/apps/${digest}/allow` } as const;
    expect((await app().inject({ ...allow, headers: stranger })).statusCode).to.equal(403);
    expect((await app().inject({ url: "/pool/apps" })).statusCode).to.equal(401);
    expect(await standing()).to.equal("refused");

    expect((await app().inject({ ...allow, headers: operator })).json()).to.include({ standing: "known", until: null });
    expect(await standing()).to.equal("known");
    const forget = { method: "DELETE", url: `/pool/apps/${digest}`, headers: operator } as const;
    expect((await app().inject(forget)).json()).to.include({ standing: "known" });
    expect(await standing()).to.equal(undefined);
    expect((await app().inject(forget)).statusCode).to.equal(404);
  });

  it("forgets those longest out of use, and none that is allowed or still refused", async function () {
    let now = Date.now();
    const store = createAppStore(world().redis, world().keys, () => now);
    const imageOf = (digit: string): string => `registry.example/app@sha256:${digit.repeat(64)}`;
    const see = async (digit: string, how: "repeated" | "disputed" | "allowed"): Promise<void> => {
      const record = newApp({ image: imageOf(digit), app: "1" }, now);
      const dispute = { taskId: hashOf("task") as Hash, files: [] };
      const seen = how === "allowed" ? allowed(afterCause(record, "repeated", now), now) : undefined;
      await store.change(imageOf(digit), () => seen ?? afterCause(record, how, now, dispute));
    };
    await Promise.all([see("a", "repeated"), see("b", "repeated"), see("c", "disputed"), see("d", "allowed")]);
    const begun = now;
    now += 3_600_000;
    await store.touch(imageOf("a"));
    await store.touch(imageOf("c"));
    await store.touch(imageOf("e"));
    await store.forgetBefore(begun + 1);
    const left = async (): Promise<string> =>
      (await store.all())
        .map(({ image }) => image.at(-1)!)
        .toSorted()
        .join("");
    expect(await left()).to.equal("acd");

    await store.forgetBefore(begun + REFUSED_MS);
    expect(await left()).to.equal("cd");
    await store.forgetBefore(begun + REFUSED_MS + 1);
    expect(await left()).to.equal("d");
    expect(await store.forget("d".repeat(64))).to.equal(true);
  });

  it("notes that an app is in use when a task of it is admitted", async function () {
    const { redis, keys, pool } = world();
    await pool.apps.change(IMAGE, () => afterCause(newApp({ image: IMAGE, app: "1" }, 1), "repeated", 1));
    const digest = IMAGE.split(":").at(-1)!;
    await redis.zadd(keys("apps-used"), 1, digest);
    openDeal();
    await world().settleDown();
    expect(Number(await redis.zscore(keys("apps-used"), digest))).to.be.greaterThan(1);
  });

  it("judges an app by answers that were there when its process died", async function () {
    await connectTrusted({ text: outputOf(1) }, { text: outputOf(2) });
    await world().connect(3, { text: outputOf(3) });
    const { pool } = world();
    const dies = (): Promise<never> => Promise.reject(new Error("dead"));
    world().pool = {
      ...pool,
      apps: { ...pool.apps, change: (...args) => (isThird() ? dies() : pool.apps.change(...args)) },
    };
    const deal = openDeal();
    const isThird = (): boolean => [...world().workers.values()].every((worker) => leasesOf(worker) === 1);

    await world()
      .settleDown()
      .catch(() => {});
    expect(await standing()).to.equal("probation");
    await world().restart(pool);
    await world().drive("refused", async () => (await standing()) === "refused");
    expect((await world().taskOf(deal)).state).to.equal("planned");
  });
});
