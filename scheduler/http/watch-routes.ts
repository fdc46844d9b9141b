import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";

import {
  DrainSchema,
  POOL_TASK_STATUSES,
  PoolEpochsSchema,
  PoolTasksSchema,
  PoolWorkersSchema,
} from "../../protocol/pool-api.ts";
import type { PoolEpochs, PoolTasks, PoolWorkers } from "../../protocol/pool-api.ts";
import type { Hash } from "../../protocol/primitives.ts";
import type { PoolContext } from "../actions/context.ts";
import { conductAt } from "../domain/workers/conduct.ts";
import { speedOf } from "../domain/workers/pace.ts";
import type { EpochRecord } from "../domain/epochs/epoch-state.ts";
import { faded, reliabilityOf } from "../domain/workers/reputation.ts";
import type { TaskRecord, TaskState } from "../domain/tasks/task-state.ts";
import { lanesOf, SHOWN_MS } from "../metrics/read-pool.ts";
import type { OperatorsOnly } from "./operators-only.ts";

/** How many tasks one answer has. */
const MOST = 500;
const TasksQuery = z.object({
  status: z.enum(POOL_TASK_STATUSES).optional(),
  limit: z.coerce.number().int().min(1).max(MOST).prefault(50),
});

/** What an operator watches, for anybody; and the drain, for the operator and the pool's owner. */
export function addWatchRoutes(app: FastifyInstance, pool: PoolContext, operators: OperatorsOnly): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  routes.get(
    "/pool/workers",
    { schema: { summary: "Connected workers, and how their leases ended", response: { 200: PoolWorkersSchema } } },
    async () => ({ workers: await workersOf(pool) }),
  );
  const what = "Tasks that are not over, the earliest deadline first; with a status, some that have it";
  routes.get(
    "/pool/tasks",
    { schema: { summary: what, querystring: TasksQuery, response: { 200: PoolTasksSchema } } },
    async ({ query }) => ({ tasks: (await tasksOf(pool, query)).map(taskRow) }),
  );
  routes.get(
    "/pool/epochs",
    { schema: { summary: "The last epoch of each lane", response: { 200: PoolEpochsSchema } } },
    async () => ({ epochs: await epochsOf(pool) }),
  );
  const summary = "Take nothing new, or take it again";
  routes.put(
    "/pool/drain",
    { schema: { summary, security: [{ session: [] }], body: DrainSchema, response: { 200: DrainSchema } } },
    async (request) => {
      const by = await operators(request);
      const { draining } = request.body;
      await pool.drain.set(draining);
      pool.log.warn({ by, draining }, "drain");
      return { draining: await pool.drain.isOn() };
    },
  );
}

async function workersOf(pool: PoolContext): Promise<PoolWorkers["workers"]> {
  const alive = await pool.workers.alive(pool.clock.now() - SHOWN_MS);
  return Promise.all(
    alive.map(async ({ worker, owner = null, agent, slots, accepting, capabilities, conduct }) => {
      const { working, atRisk } = await pool.tasks.loadOf(worker);
      const { grade, until, reputation, pace } = conductAt(conduct, pool.clock.now());
      const now = faded(reputation, pool.clock.now());
      const outcomes = { ...now, reliability: reliabilityOf(now) };
      const end = until === undefined ? null : Math.ceil(until / 1_000);
      const { votes, stake } = atRisk;
      const about = { worker, owner, agent, slots, busy: working.length, accepting, votes, atRisk: stake };
      return { ...about, grade, until: end, speed: speedOf(capabilities, pace), outcomes };
    }),
  );
}

async function tasksOf(
  pool: PoolContext,
  { status, limit }: z.output<typeof TasksQuery>,
): Promise<readonly TaskRecord[]> {
  const taskIds = status === undefined ? await pool.tasks.firstDue(limit) : await someOf(pool, status, limit);
  const tasks = await pool.tasks.getAll(taskIds);
  return tasks.toSorted((one, other) => one.terms.deadline - other.terms.deadline);
}

async function someOf(pool: PoolContext, state: TaskState, limit: number): Promise<readonly Hash[]> {
  const lanes = await Promise.all(lanesOf(pool).map((lane) => pool.tasks.someIn(lane, state, limit)));
  return lanes.flat().slice(0, limit);
}

function taskRow({ taskId, dealId, index, state, terms, votes, waitingFor }: TaskRecord): PoolTasks["tasks"][number] {
  const counts: Record<string, number> = {};
  for (const vote of votes) counts[vote.state] = (counts[vote.state] ?? 0) + 1;
  const { lane, deadline } = terms;
  return { taskId, dealId, index, lane, status: state, deadline, votes: counts, waitingFor: waitingFor ?? null };
}

async function epochsOf(pool: PoolContext): Promise<PoolEpochs["epochs"]> {
  const records = await Promise.all(lanesOf(pool).map((lane) => pool.epochs.current(lane)));
  return Promise.all(records.flatMap((record) => (record ? [epochRow(pool, record)] : [])));
}

async function epochRow(pool: PoolContext, record: EpochRecord): Promise<PoolEpochs["epochs"][number]> {
  const { lane, epoch, state, tasks, asked, ballots, note, since } = record;
  const isAsking = state === "balloting";
  const [answers, openings] = await Promise.all([pool.epochs.ballots(lane, epoch), pool.epochs.openings(lane, epoch)]);
  return {
    ...{ lane, epoch, state, tasks: tasks.length, asked: Object.keys(asked).length },
    ballots: isAsking ? [...answers.values()].filter((ballot) => ballot !== null).length : ballots.length,
    opened: Object.keys(openings).length,
    since: since === undefined ? null : Math.floor(since / 1_000),
    note: note ?? null,
  };
}
