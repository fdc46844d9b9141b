import type { FastifyReply, FastifyRequest } from "fastify";

import { BadInputError, errorData, GridmillError } from "../../protocol/errors.ts";

/** HTTP status by error code; every other coded error is 400, and what nobody foresaw is 500. */
const STATUS: Readonly<Record<string, number>> = {
  GM_NOT_LOGGED_IN: 401,
  GM_NOT_ALLOWED: 403,
  GM_NOT_FOUND: 404,
  GM_BLOB_QUOTA: 413,
  GM_STALE_RECORD: 503,
  GM_STORE_UNREACHABLE: 503,
  GM_CHAIN_UNREACHABLE: 503,
  GM_UNEXPECTED: 500,
};

/** Answers every failure with `{error: {code, message, hint, retryable}}`; details stay in the log. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = error instanceof GridmillError ? error : fromFastify(error);
  const data = errorData(known);
  const status = STATUS[data.code] ?? 400;
  if (status >= 500) request.log.error({ err: error }, "request failed");
  return reply.status(status).send({ error: data });
}

/** Fastify's own complaints (validation, size, rate) are bad input too; its 500s are not. */
function fromFastify(error: unknown): unknown {
  const { statusCode, message } = error as { statusCode?: number; message?: string };
  if (statusCode === undefined || statusCode >= 500) return error;
  return new BadInputError(message ?? "The request is not valid", { cause: error });
}
