import { Readable } from "node:stream";

import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";

import { BlobAnswerSchema } from "../../protocol/pool-api.ts";
import { Sha256Schema } from "../../protocol/primitives.ts";
import type { Address } from "../../protocol/primitives.ts";
import type { PoolContext } from "../actions/context.ts";
import { BadInputError } from "../../protocol/errors.ts";
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
  { headers, body }: FastifyRequest,
): Promise<{ sha256: string; bytes: number }> {
  const bytes = lengthOf(headers["content-length"]);
  if (!(body instanceof Readable)) throw new BadInputError("An upload is sent as application/octet-stream");
  await requireFunds(pool, owner);
  const keepUntil = pool.clock.now() + UNCLAIMED_MS;
  const most = pool.config.blobQuotaBytes;
  const claimed = await pool.ledger.claim({ sha256, owner, bytes, most, keepUntil });
  if (claimed === "full") throw new BlobQuotaError(`${owner} may keep ${most} bytes in this pool, and has fewer left`);
  const there = await pool.blobs.size(sha256);
  if (there === bytes) {
    body.resume();
    return { sha256, bytes };
  }
  try {
    return { sha256, bytes: await pool.blobs.write(sha256, body, bytes) };
  } catch (error) {
    if (claimed === "claimed" && (await pool.blobs.size(sha256)) === undefined) await pool.ledger.forget(sha256);
    throw error;
  }
}

/** Known before a byte is taken, so that the quota holds for uploads side by side. */
function lengthOf(header: string | undefined): number {
  if (header !== undefined && /^\d{1,15}$/.test(header)) return Number(header);
  throw new BadInputError("An upload has to say its length", { hint: "Send a content-length header" });
}

/** Only accounts with something at stake may fill the pool's disk, and only up to their quota. */
async function requireFunds(pool: PoolContext, owner: Address): Promise<void> {
  if (await pool.chain.hasFunds(owner)) return;
  throw new NotAllowedError("Only accounts with MILL in the escrow may store bytes here", {
    hint: "Deposit first: gridmill account deposit AMOUNT",
  });
}
