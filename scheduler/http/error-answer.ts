import type { FastifyReply, FastifyRequest } from "fastify";

import { BadInputError, errorData, GridmillError, NotFoundError, RateLimitedError } from "../../protocol/errors.ts";

/** HTTP status by error code; every other coded error is 503 when trying again may help, else 400. */
const STATUS: Readonly<Record<string, number>> = {
  GM_NOT_LOGGED_IN: 401,
  GM_NOT_ALLOWED: 403,
  GM_NOT_FOUND: 404,
  GM_BLOB_QUOTA: 413,
  GM_RATE_LIMITED: 429,
  GM_ILLEGAL_MOVE: 500,
  GM_UNEXPECTED: 500,
};

/** Answers every failure with `{error: {code, message, hint, retryable}}`; details stay in the log. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = error instanceof GridmillError ? error : fromFastify(error);
  const data = errorData(known);
  const status = STATUS[data.code] ?? (data.retryable ? 503 : 400);
  if (status >= 500) request.log.error({ err: error }, "request failed");
  return reply.status(status).send({ error: data });
}

/** A route that does not exist says so in the same form. */
export function answerUnknownRoute(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return answerError(new NotFoundError(`There is no ${request.method} ${request.url}`), request, reply);
}

function tooFast(): RateLimitedError {
  return new RateLimitedError("Too many requests from this address", { hint: "Wait a minute" });
}

/** Fastify's own complaints (validation, size) are bad input too; its 500s are not. */
function fromFastify(error: unknown): unknown {
  const { statusCode, message } = error as { statusCode?: number; message?: string };
  if (statusCode === 429) return tooFast();
  if (statusCode === undefined || statusCode >= 500) return error;
  return new BadInputError(message ?? "The request is not valid", { cause: error });
}
