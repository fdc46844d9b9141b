import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";

import { NotFoundError } from "../../protocol/errors.ts";
import { PoolDealSchema, PoolTaskSchema } from "../../protocol/pool-api.ts";
import type { PoolDeal, PoolTask } from "../../protocol/pool-api.ts";
import { TaskWhySchema } from "../../protocol/pool-why.ts";
import { HashSchema } from "../../protocol/primitives.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import type { PoolContext } from "../actions/context.ts";
import { explainTask } from "../actions/placing/explain-task.ts";
import { chunksOfTasks } from "../actions/tasks-of-deal.ts";
import type { TaskRecord } from "../domain/tasks/task-state.ts";
import { NotAllowedError } from "../errors.ts";
import type { DealRecord } from "../store/tasks/deal-store.ts";
import type { Sessions } from "./sessions.ts";

const TaskParams = z.object({ taskId: HashSchema });
const DealParams = z.object({ dealId: HashSchema });

/** Where tasks and deals stand, for anybody; results for those who paid for them. */
export function addTaskRoutes(app: FastifyInstance, pool: PoolContext, sessions: Sessions): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();

  routes.get(
    "/tasks/:taskId",
    { schema: { summary: "Where a task stands", params: TaskParams, response: { 200: PoolTaskSchema } } },
    async ({ params }) => taskView(await taskOf(pool, params.taskId)),
  );

  routes.get(
    "/tasks/:taskId/why",
    { schema: { summary: "Why a task is where it is", params: TaskParams, response: { 200: TaskWhySchema } } },
    async ({ params }) => {
      const task = await taskOf(pool, params.taskId);
      return explainTask(pool, task, await dealOf(pool, task.dealId));
    },
  );

  routes.get(
    "/deals/:dealId",
    { schema: { summary: "Where a deal and its tasks stand", params: DealParams, response: { 200: PoolDealSchema } } },
    async ({ params }) => dealView(pool, await dealOf(pool, params.dealId)),
  );

  routes.get(
    "/tasks/:taskId/result",
    { schema: { summary: "The result, as one tar", security: [{ session: [] }], params: TaskParams } },
    async ({ params, headers }, reply) => {
      const caller = await sessions.addressOf(headers.authorization);
      const { stream, bytes } = await pool.blobs.read(await resultFor(pool, params.taskId, caller));
      return reply.header("content-length", bytes).type("application/x-tar").send(stream);
    },
  );
}

/** Results go to requester and beneficiary alone, and only once the task is settled: early ones would feed lazy voters. */
async function resultFor(pool: PoolContext, taskId: Hash, caller: Address): Promise<string> {
  const task = await taskOf(pool, taskId);
  const { deal } = await dealOf(pool, task.dealId);
  if (caller !== deal.requester && caller !== deal.beneficiary) {
    throw new NotAllowedError("A result is given to its requester and its beneficiary alone");
  }
  if (task.state === "settled" && task.result !== undefined) return task.result;
  throw new NotFoundError(`Task ${taskId} is ${task.state} and has no result to fetch`, {
    hint: "gridmill task show says where it stands",
  });
}

async function taskOf(pool: PoolContext, taskId: Hash): Promise<TaskRecord> {
  const task = await pool.tasks.get(taskId);
  if (task) return task;
  throw new NotFoundError(`This pool has no task ${taskId}`);
}

async function dealOf(pool: PoolContext, dealId: Hash): Promise<DealRecord> {
  const deal = await pool.deals.get(dealId);
  if (deal) return deal;
  throw new NotFoundError(`This pool has no deal ${dealId}`);
}

function taskView(task: TaskRecord): PoolTask {
  return {
    taskId: task.taskId,
    dealId: task.dealId,
    index: task.index,
    status: task.state,
    deadline: task.terms.deadline,
    votes: task.votes.map(({ worker, state, at, stage, percent, code }) => ({
      worker,
      status: state,
      at,
      ...(stage === undefined ? {} : { stage }),
      ...(percent === undefined ? {} : { percent }),
      ...(code === undefined ? {} : { code }),
    })),
    digest: task.state === "settled" ? (task.digest ?? null) : null,
    result: task.state === "settled" ? (task.result ?? null) : null,
    waitingFor: task.waitingFor ?? null,
    history: [...task.history],
  };
}

async function dealView(pool: PoolContext, record: DealRecord): Promise<PoolDeal> {
  const { dealId, stage, note } = record;
  const tasks: TaskRecord[] = [];
  for (const taskIds of chunksOfTasks(record)) tasks.push(...(await pool.tasks.getAll(taskIds)));
  return {
    dealId,
    stage,
    note: note ?? null,
    tasks: tasks.map(({ taskId, index, state }) => ({ taskId, index, status: state })),
  };
}
