import { expect } from "chai";

import { dealIdOf, taskIdOf } from "../../protocol/deal.ts";
import type { PoolContext } from "../../scheduler/actions/context.ts";
import { createDealStore } from "../../scheduler/store/tasks/deal-store.ts";
import { createEpochStore } from "../../scheduler/store/epoch-store.ts";
import { createTaskStore } from "../../scheduler/store/tasks/task-store.ts";
import { openWatches } from "../../scheduler/traces/open-watches.ts";
import { inSuite } from "../support/in-suite.ts";
import { startOtlpReceiver } from "../support/otlp-receiver.ts";
import type { ReceivedSpan } from "../support/otlp-receiver.ts";
import { withRedis } from "../support/parts.ts";
import { startPoolOnChain } from "../support/pool-on-chain.ts";
import { SchedulerWorld } from "../support/scheduler-world.ts";
import { waitFor } from "../support/wait-for.ts";

describe("the trace of a deal", function () {
  this.timeout(60_000);
  const redis = withRedis();
  const receiver = inSuite(startOtlpReceiver);
  const chain = inSuite(startPoolOnChain);
  const lost: unknown[] = [];

  /** A process of the world's pool that tells its spans; all have arrived when it is disposed of. */
  async function traced(world: SchedulerWorld): Promise<AsyncDisposable & { readonly pool: PoolContext }> {
    const resources = new AsyncDisposableStack();
    const onError = (error: unknown): void => void lost.push(error);
    const given = { traces: receiver().url, pool: 1n, metrics: world.metrics, onError };
    const { taskChanged, dealChanged, epochChanged } = await openWatches(given, resources);
    const pool = {
      ...world.pool,
      tasks: createTaskStore(world.redis, world.keys, taskChanged),
      deals: createDealStore(world.redis, world.keys, dealChanged),
      epochs: createEpochStore(world.redis, world.keys, epochChanged),
    };
    return { pool, [Symbol.asyncDispose]: () => resources.disposeAsync() };
  }

  const spansOf = (deal: string): readonly ReceivedSpan[] =>
    receiver().spans.filter(({ attributes }) => attributes["deal"] === deal);

  it("is one, from deal to settle, whichever processes wrote it, with each part under what it is a part of", async function () {
    await using world = await SchedulerWorld.open(redis().url);
    const deal = world.openDeal();
    const [dealId, taskId] = [dealIdOf(deal), taskIdOf(dealIdOf(deal), 0)];
    {
      await using first = await traced(world);
      world.pool = first.pool;
      for (const index of [1, 2]) await world.connect(index);
      await world.drive("opening", world.epochIs("opening"));
    }
    {
      await using second = await traced(world);
      await world.restart(second.pool);
      await world.drive("settled", world.isSettled(deal));
      await world.settleDown();
    }

    const spans = spansOf(dealId);
    expect([...receiver().faults, ...lost]).to.deep.equal([]);
    expect(new Set(spans.map(({ traceId }) => traceId))).to.deep.equal(new Set([dealId.slice(2, 34)]));
    expect(new Set(spans.map(({ spanId }) => spanId)).size).to.equal(spans.length);
    const nameOf = new Map(spans.map(({ spanId, name }) => [spanId, name]));
    const tree = spans.map(({ name, parentSpanId }) => [name, nameOf.get(parentSpanId!)]);
    expect(tree).to.have.deep.members([
      ["deal entered", undefined],
      ["task", "deal entered"],
      ...["ballot", "seal", "opened", "settled"].map((name) => [name, "task"]),
      ...[1, 2].flatMap(() => [
        ["task leased", "task"],
        ["computed", "task leased"],
      ]),
    ]);
    expect(spans.find(({ name }) => name === "deal entered")).to.not.have.property("parentSpanId");
    for (const { name, attributes, status, resource, ...times } of spans) {
      if (name !== "deal entered") expect(attributes, name).to.include({ task: taskId });
      if (["ballot", "seal", "opened", "settled"].includes(name)) expect(attributes).to.include({ lane: 0, epoch: 1 });
      expect(BigInt(times.endTimeUnixNano) >= BigInt(times.startTimeUnixNano), name).to.equal(true);
      expect([status.code ?? 0, resource["service.name"], resource["pool"]]).to.deep.equal([0, "gridmill-pool", "1"]);
    }
    const voters = spans.filter(({ name }) => name === "computed").map(({ attributes }) => attributes["worker"]);
    expect(voters).to.have.members([...world.workers.keys()]);
  });

  it("says what went wrong: a lease that was lost, a task that was refunded", async function () {
    await using world = await SchedulerWorld.open(redis().url);
    const deal = world.openDeal();
    {
      await using process = await traced(world);
      world.pool = process.pool;
      await world.connect(1, { silentAt: "accept" });
      await world.settleDown();
      await world.runOutLeases();
      await world.settleDown();
      world.hub.now += 20_000;
      await world.drive("the refund", async () => (await world.taskOf(deal)).state === "claimed");
    }

    const failed = spansOf(dealIdOf(deal)).filter(({ status }) => status.code === 2);
    expect(failed.map(({ name }) => name)).to.include.members(["computed", "task"]);
    expect(failed.find(({ name }) => name === "computed")!.status.message).to.equal("GM_LEASE_EXPIRED");
  });

  it("is written by a pool that is told of a collector, and begins with a deal that it gives back", async function () {
    await using pool = await chain().start({
      GRIDMILL_CONFIRMATIONS: "0",
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver().url,
    });
    const { dealId } = await chain().open();

    const [root] = await waitFor("the first span", () => (spansOf(dealId).length > 0 ? spansOf(dealId) : undefined));

    expect(root).to.deep.include({ name: "deal entered", status: { code: 2, message: "nobody has its params" } });
    expect(root!.traceId).to.equal(dealId.slice(2, 34));
    expect(pool.log.filter(({ msg }) => msg === "traces")).to.deep.equal([]);
  });

  it("that no collector takes costs the pool nothing but a line of its log", async function () {
    await using pool = await chain().start({
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1",
      GRIDMILL_CONFIRMATIONS: "0",
    });
    const { dealId } = await chain().open();

    await waitFor("the line", () => pool.log.some(({ msg }) => msg === "traces"), { timeoutMs: 30_000 });

    await waitFor("the deal to be given back", async () => !(await chain().grid.reader.dealState(dealId)).open);
  });
});
