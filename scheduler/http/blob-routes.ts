import type { Readable } from "node:stream";

import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";

import { BlobAnswerSchema } from "../../protocol/pool-api.ts";
import { Sha256Schema } from "../../protocol/primitives.ts";
import type { Address } from "../../protocol/primitives.ts";
import type { PoolContext } from "../actions/context.ts";
import { BlobQuotaError, NotAllowedError } from "../errors.ts";
import type { Sessions } from "./sessions.ts";

/** A blob that no deal names is kept this long, in milliseconds. */
const UNCLAIMED_MS = 3_600_000;
const Params = z.object({ sha256: Sha256Schema });

/** Content-addressed bytes: inputs that requesters put here before the match, results that workers deliver. */
export function addBlobRoutes(app: FastifyInstance, pool: PoolContext, sessions: Sessions): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const security = [{ session: [] }];

  routes.put(
    "/blobs/:sha256",
    {
      schema: {
        summary: "Store bytes under their SHA-256",
        security,
        params: Params,
        response: { 200: BlobAnswerSchema },
      },
    },
    async (request) => {
      const owner = await sessions.addressOf(request.headers.authorization);
      return storeBlob(pool, owner, request.params.sha256, request);
    },
  );

  routes.get(
    "/blobs/:sha256",
    { schema: { summary: "Fetch an input by its SHA-256", security, params: Params } },
    async (request, reply) => {
      await sessions.addressOf(request.headers.authorization);
      const { sha256 } = request.params;
      if (await pool.ledger.isResult(sha256))
        throw new NotAllowedError("A result is fetched by its task, by its requester");
      const { stream, bytes } = await pool.blobs.read(sha256);
      return reply.header("content-length", bytes).type("application/octet-stream").send(stream);
    },
  );
}

async function storeBlob(
  pool: PoolContext,
  owner: Address,
  sha256: string,
  request: FastifyRequest,
): Promise<{ sha256: string; bytes: number }> {
  const keepUntil = Date.now() + UNCLAIMED_MS;
  const there = await pool.blobs.size(sha256);
  if (there !== undefined) {
    (request.body as Readable).resume();
    await pool.ledger.keep(sha256, keepUntil);
    return { sha256, bytes: there };
  }
  const bytes = await pool.blobs.write(sha256, request.body as Readable, await bytesLeft(pool, owner));
  await pool.ledger.add(sha256, owner, bytes, keepUntil);
  return { sha256, bytes };
}

/** Only accounts with something at stake may fill the pool's disk, and only up to their quota. */
async function bytesLeft(pool: PoolContext, owner: Address): Promise<number> {
  if (!(await pool.chain.hasFunds(owner))) {
    throw new NotAllowedError("Only accounts with MILL in the escrow may store bytes here", {
      hint: "Deposit first: gridmill account deposit AMOUNT",
    });
  }
  const left = pool.config.blobQuotaBytes - (await pool.ledger.bytesUsed(owner));
  if (left > 0) return left;
  throw new BlobQuotaError(`${owner} has used up its ${pool.config.blobQuotaBytes} bytes in this pool`);
}
