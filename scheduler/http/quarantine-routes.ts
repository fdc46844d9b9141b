import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";

import { BadInputError, NotFoundError } from "../../protocol/errors.ts";
import { PoolQuarantineSchema, QuarantinedSchema } from "../../protocol/pool-api.ts";
import type { QuarantinedEvent } from "../../protocol/pool-api.ts";
import type { PoolContext } from "../actions/context.ts";
import type { Quarantined } from "../store/quarantine.ts";
import type { OperatorsOnly } from "./operators-only.ts";

const EntryParams = z.object({ id: z.string().max(100) });
const security = [{ session: [] }];

/** What the pool could not take in from the chain, and what becomes of it: for its operator and its owner. */
export function addQuarantineRoutes(app: FastifyInstance, pool: PoolContext, operators: OperatorsOnly): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const one = { security, params: EntryParams, response: { 200: QuarantinedSchema } };

  routes.get(
    "/pool/quarantine",
    { schema: { summary: "Events that could not be handled", security, response: { 200: PoolQuarantineSchema } } },
    async (request) => {
      await operators(request);
      return { entries: (await pool.quarantine.all()).map(entryView) };
    },
  );
  routes.post(
    "/pool/quarantine/:id/retry",
    { schema: { summary: "Hand one back to its queue", ...one } },
    async (request) => {
      const by = await operators(request);
      const entry = await entryOf(pool, request.params.id);
      if (!entry.event) {
        throw new BadInputError(`${entry.id} is a note, and no event that could be handled again`, {
          hint: "Drop it once it is read",
        });
      }
      await pool.wake.event(entry.id);
      pool.log.warn({ by, ...aboutOf(entry) }, "event handed back");
      return entryView(entry);
    },
  );
  routes.delete("/pool/quarantine/:id", { schema: { summary: "Drop one for good", ...one } }, async (request) => {
    const by = await operators(request);
    const entry = await entryOf(pool, request.params.id);
    if (!(await pool.quarantine.remove(entry.id))) throw unknown(entry.id);
    pool.log.warn({ by, ...aboutOf(entry), code: entry.error.code, times: entry.times }, "event dropped");
    return entryView(entry);
  });
}

async function entryOf(pool: PoolContext, id: string): Promise<Quarantined> {
  const entry = await pool.quarantine.get(id);
  if (entry) return entry;
  throw unknown(id);
}

function unknown(id: string): NotFoundError {
  return new NotFoundError(`Nothing in quarantine has the id ${id}`, {
    hint: "It went through or was dropped: gridmill pool quarantine list",
  });
}

/** In the names that every line of the log has. */
function aboutOf({ id, kind, block, event }: Quarantined): Readonly<Record<string, unknown>> {
  const { transactionHash: transaction, dealId: deal, taskId: task } = event ?? {};
  return { id, event: kind, block, transaction, deal, task };
}

function entryView({ id, kind, block, event, error, since, at, times }: Quarantined): QuarantinedEvent {
  const { transactionHash = null, dealId = null, taskId = null } = event ?? {};
  return {
    id,
    event: kind,
    block,
    transaction: transactionHash,
    deal: dealId,
    task: taskId,
    ...error,
    since,
    at,
    times,
  };
}
