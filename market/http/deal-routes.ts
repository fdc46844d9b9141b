import { z } from "zod";

import {
  DealDetailsSchema,
  DealPageSchema,
  DealsQuerySchema,
  TaskPageSchema,
  TaskRecordSchema,
  TasksQuerySchema,
} from "../../protocol/market-api.ts";
import type { DealRecord } from "../../protocol/market-api.ts";
import { NotFoundError } from "../../protocol/errors.ts";
import { HashSchema } from "../../protocol/primitives.ts";
import type { Hash } from "../../protocol/primitives.ts";
import type { DealQueries } from "../store/deal-queries.ts";
import type { Services } from "../services.ts";

import type { ZodServer } from "./zod-server.ts";

const DealParams = z.object({ dealId: HashSchema });
const TaskParams = z.object({ taskId: HashSchema });
const TASKS_SHOWN = 1_000;
const tags = ["deals"];

/** Deals and tasks as the chain's events tell them. */
export function dealRoutes(server: ZodServer, { deals }: Services): void {
  const list = { querystring: DealsQuerySchema, response: { 200: DealPageSchema }, tags };
  server.get("/deals", { schema: { ...list, summary: "List deals, newest first" } }, async ({ query }) =>
    deals.list(query),
  );

  const one = { params: DealParams, response: { 200: DealDetailsSchema }, tags };
  server.get("/deals/:dealId", { schema: { ...one, summary: "One deal and its settled tasks" } }, async (request) => {
    const { dealId } = request.params;
    const deal = await existing(deals, dealId);
    return { ...deal, tasks: await deals.settledTasks(dealId, TASKS_SHOWN) };
  });

  const tasks = { params: DealParams, querystring: TasksQuerySchema, response: { 200: TaskPageSchema }, tags };
  server.get("/deals/:dealId/tasks", { schema: { ...tasks, summary: "A deal's tasks, by index" } }, async (request) => {
    await existing(deals, request.params.dealId);
    return deals.tasks(request.params.dealId, request.query);
  });

  const task = { params: TaskParams, response: { 200: TaskRecordSchema }, tags };
  server.get("/tasks/:taskId", { schema: { ...task, summary: "One task" } }, async ({ params: { taskId } }) => {
    const found = await deals.findTask(taskId);
    if (found) return found;
    throw new NotFoundError(`The market knows no task ${taskId}`, {
      hint: "Of very large deals only the first and the settled tasks can be found by id",
    });
  });
}

async function existing(deals: DealQueries, dealId: Hash): Promise<DealRecord> {
  const deal = await deals.find(dealId);
  if (!deal) throw new NotFoundError(`The market knows no deal ${dealId}`, { hint: "It may not be confirmed yet" });
  return deal;
}
