import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";

import { answersInTime } from "../../chain/node/answers-in-time.ts";
import type { Deployment } from "../../protocol/deployment.ts";
import { PoolInfoSchema } from "../../protocol/pool-api.ts";
import type { PoolInfo } from "../../protocol/pool-api.ts";
import type { Address } from "../../protocol/primitives.ts";
import type { PoolContext } from "../actions/context.ts";
import { TASK_STATES } from "../domain/tasks/task-state.ts";
import type { PoolMetrics } from "../metrics/pool-metrics.ts";
import { lanesOf, SHOWN_MS } from "../metrics/read-pool.ts";

export type PoolFacts = {
  readonly deployment: Deployment;
  readonly operator: Address;
  /** As it was last seen on chain. */
  readonly owner: () => Address | undefined;
  readonly metrics: PoolMetrics;
};

/** What the pool is and how it does, for people, load balancers and Prometheus. */
export function addPoolRoutes(app: FastifyInstance, pool: PoolContext, facts: PoolFacts): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const Healthy = z.object({ ok: z.boolean() });

  routes.get("/pool", { schema: { summary: "The pool at a glance", response: { 200: PoolInfoSchema } } }, () =>
    poolInfo(pool, facts),
  );
  routes.get("/health", { schema: { summary: "The process lives", response: { 200: Healthy } } }, () => ({ ok: true }));
  const ready = { summary: "Store and chain answer", response: { 200: Healthy, 503: Healthy } };
  routes.get("/ready", { schema: ready }, async (_request, reply) => {
    const ok = await answersInTime(pool.workers.alive(0), pool.chain.lastEpoch(0));
    return reply.code(ok ? 200 : 503).send({ ok });
  });
  routes.get("/metrics", { schema: { hide: true } }, async (_request, reply) =>
    reply.type(facts.metrics.registry.contentType).send(await facts.metrics.text()),
  );
}

async function poolInfo(pool: PoolContext, { deployment, operator }: PoolFacts): Promise<PoolInfo> {
  const [workers, tasks, votes, epochs, draining] = await Promise.all([
    workerViews(pool),
    taskCounts(pool),
    pool.tasks.countVotes(),
    epochViews(pool),
    pool.drain.isOn(),
  ]);
  const why = await pool.operator.hold();
  return {
    pool: pool.config.pool,
    chainId: deployment.chainId,
    hub: deployment.contracts.hub,
    operator,
    hold: why ? { code: why.code, message: why.message } : null,
    lanes: pool.config.lanes,
    confirmations: pool.config.confirmations,
    workers,
    tasks,
    votes: Object.fromEntries(votes.map(({ state, count }) => [state, count])),
    draining,
    epochs,
  };
}

async function workerViews(pool: PoolContext): Promise<PoolInfo["workers"]> {
  const alive = await pool.workers.alive(pool.clock.now() - SHOWN_MS);
  return Promise.all(
    alive.map(async ({ worker, agent, slots, accepting, capabilities }) => {
      const busy = (await pool.tasks.slotsOf(worker)).length;
      return { worker, agent, slots, busy, accepting, capabilities };
    }),
  );
}

async function taskCounts(pool: PoolContext): Promise<Record<string, number>> {
  const entries = TASK_STATES.map(async (state) => {
    const counts = await Promise.all(lanesOf(pool).map((lane) => pool.tasks.countIn(lane, state)));
    return [state, counts.reduce((sum, count) => sum + count, 0)] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

async function epochViews(pool: PoolContext): Promise<PoolInfo["epochs"]> {
  const records = await Promise.all(lanesOf(pool).map((lane) => pool.epochs.current(lane)));
  return records.flatMap((record) =>
    record
      ? [
          {
            lane: record.lane,
            epoch: record.epoch,
            state: record.state,
            tasks: record.tasks.length,
            note: record.note ?? null,
          },
        ]
      : [],
  );
}
