import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import { BadInputError, GridmillError, NotFoundError, RateLimitedError } from "../../protocol/errors.ts";
import type { ErrorData } from "../../protocol/errors.ts";
import { toJson } from "../../protocol/json.ts";

/** HTTP status of each error that callers meet; of the others, 503 when trying again may help, else 500. */
const STATUS: Readonly<Record<string, number>> = {
  GM_BAD_INPUT: 400,
  GM_BAD_PARAMS: 400,
  GM_ORDER_NOT_OWNER: 403,
  GM_NOT_FOUND: 404,
  GM_PARAMS_UNKNOWN: 404,
  GM_ORDER_CANCELLED: 409,
  GM_ORDER_EXHAUSTED: 409,
  GM_ORDER_REPLAYED: 409,
  GM_TOO_MANY_ORDERS: 409,
  GM_ASSET_UNKNOWN: 422,
  GM_ORDER_EXPIRED: 422,
  GM_ORDER_MISMATCH: 422,
  GM_ORDER_PRICE: 422,
  GM_ORDER_SIGNATURE: 422,
  GM_RATE_LIMITED: 429,
};

/** Every error leaves as `{ "error": { code, message, hint, retryable } }`; what nobody foresaw is logged and not shown. */
export function answerErrors(server: FastifyInstance): void {
  server.setErrorHandler((error: FastifyError, request, reply) => {
    const known = asGridmillError(error);
    if (known) return send(reply, STATUS[known.code] ?? (known.retryable ? 503 : 500), known.toData());
    request.log.error({ err: error }, "request failed");
    const message = "The market failed in a way that nobody foresaw";
    return send(reply, 500, { code: "GM_UNEXPECTED", message, hint: "Its log has the details", retryable: false });
  });
  server.setNotFoundHandler((request: FastifyRequest, reply) => {
    const path = request.url.split("?")[0];
    const error = new NotFoundError(`There is no ${request.method} ${path}`, { hint: "GET /docs lists what there is" });
    return send(reply, 404, error.toData());
  });
}

function asGridmillError(error: FastifyError): GridmillError | undefined {
  if (error instanceof GridmillError) return error;
  if (error.validation)
    return new BadInputError(`Bad request: ${problemsOf(error)}`, { hint: "GET /docs has the form" });
  if (error.statusCode === 429) return new RateLimitedError(error.message, { hint: "Wait a minute" });
  const { statusCode = 500 } = error;
  return statusCode >= 400 && statusCode < 500 ? new BadInputError(error.message) : undefined;
}

function problemsOf({ validation = [], validationContext }: FastifyError): string {
  const problems = validation.map(({ instancePath, message }) => {
    const field = instancePath.slice(1).replaceAll("/", ".");
    return `${field === "" ? (validationContext ?? "body") : field} ${message ?? "is wrong"}`;
  });
  return problems.join("; ");
}

function send(reply: FastifyReply, status: number, error: ErrorData): FastifyReply {
  return reply.code(status).type("application/json").serializer(String).send(toJson({ error }));
}
