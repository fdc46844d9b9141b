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

type ErrorAnswers = {
  /** For whatever a route throws. */
  readonly failure: (error: unknown, request: FastifyRequest, reply: FastifyReply) => FastifyReply;
  /** A route that does not exist says so in the same form. */
  readonly unknownRoute: (request: FastifyRequest, reply: FastifyReply) => FastifyReply;
};

/** Answers every failure with `{error: {code, message, hint, retryable}}`; details stay in the log. */
export function createErrorAnswers(onFailure: (error: unknown) => void): ErrorAnswers {
  const failure: ErrorAnswers["failure"] = (error, request, reply) => {
    const known = error instanceof GridmillError ? error : fromFastify(error);
    onFailure(known);
    return answer(known, error, request, reply);
  };
  return {
    failure,
    unknownRoute: (request, reply) =>
      failure(new NotFoundError(`There is no ${request.method} ${request.url}`), request, reply),
  };
}

function answer(known: unknown, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const data = errorData(known);
  const status = STATUS[data.code] ?? (data.retryable ? 503 : 400);
  if (status >= 500) request.log.error({ ...placeOf(request), code: data.code, err: error }, "request failed");
  return reply.status(status).send({ error: data });
}

/** What was asked, and of which task or deal. */
function placeOf({ method, routeOptions, params }: FastifyRequest): Readonly<Record<string, unknown>> {
  const { taskId, dealId } = (params ?? {}) as { taskId?: string; dealId?: string };
  const asked = { method, route: routeOptions.url };
  return {
    ...asked,
    ...(taskId === undefined ? {} : { task: taskId }),
    ...(dealId === undefined ? {} : { deal: dealId }),
  };
}

function tooFast(): RateLimitedError {
  return new RateLimitedError("Too many requests from this account or address", { hint: "Wait a minute" });
}

/** Fastify's own complaints (validation, size) are bad input too; its 500s are not. */
function fromFastify(error: unknown): unknown {
  const { statusCode, message } = error as { statusCode?: number; message?: string };
  if (statusCode === 429) return tooFast();
  if (statusCode === undefined || statusCode >= 500) return error;
  return new BadInputError(message ?? "The request is not valid", { cause: error });
}
