import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";

import { NotFoundError } from "../../protocol/errors.ts";
import { PoolAppSchema, PoolAppsSchema } from "../../protocol/pool-api.ts";
import type { PoolApp } from "../../protocol/pool-api.ts";
import { Sha256Schema } from "../../protocol/primitives.ts";
import type { PoolContext } from "../actions/context.ts";
import { allowed, appAt, digestIn } from "../domain/apps/app-standing.ts";
import type { AppRecord } from "../domain/apps/app-standing.ts";
import type { OperatorsOnly } from "./operators-only.ts";

const AppParams = z.object({ digest: Sha256Schema });
const security = [{ session: [] }];

/** What the pool thinks of the apps that it has seen, and how its operator and its owner overrule that. */
export function addAppRoutes(app: FastifyInstance, pool: PoolContext, operators: OperatorsOnly): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const one = { security, params: AppParams, response: { 200: PoolAppSchema } };

  routes.get(
    "/pool/apps",
    { schema: { summary: "Apps that the pool has seen", security, response: { 200: PoolAppsSchema } } },
    async (request) => {
      await operators(request);
      const known = (await pool.apps.all()).map((record) => appAt(record, pool.clock.now()));
      return { apps: known.toSorted((one, other) => other.since - one.since).map(appView) };
    },
  );
  routes.post("/pool/apps/:digest/allow", { schema: { summary: "Vouch for one", ...one } }, async (request) => {
    const by = await operators(request);
    const { image, app: id } = await recordOf(pool, request.params.digest);
    const now = pool.clock.now();
    const { after } = await pool.apps.change(image, (record) => allowed(appAt(record!, now), now));
    pool.log.warn({ by, app: id, image }, "app allowed");
    pool.wake.offers();
    return appView(after);
  });
  routes.delete(
    "/pool/apps/:digest",
    { schema: { summary: "Forget one, as if never seen", ...one } },
    async (request) => {
      const by = await operators(request);
      const record = await recordOf(pool, request.params.digest);
      await pool.apps.forget(request.params.digest);
      pool.log.warn({ by, app: record.app, image: record.image, standing: record.standing }, "app forgotten");
      pool.wake.offers();
      return appView(record);
    },
  );
}

async function recordOf(pool: PoolContext, digest: string): Promise<AppRecord> {
  const record = await pool.apps.find(digest);
  if (record) return appAt(record, pool.clock.now());
  throw new NotFoundError(`This pool has seen no app whose image has the digest ${digest}`, {
    hint: "See which it has seen: gridmill pool apps list",
  });
}

function appView({ image, app, standing, since, until, dispute }: AppRecord): PoolApp {
  return {
    ...{ digest: digestIn(image), image, app: BigInt(app), standing, since: Math.floor(since / 1_000) },
    until: until === undefined ? null : Math.ceil(until / 1_000),
    task: dispute?.taskId ?? null,
    files: [...(dispute?.files ?? [])],
  };
}
