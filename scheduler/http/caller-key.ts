import { normalizeIP } from "@fastify/rate-limit";
import type { FastifyRequest } from "fastify";

import type { Sessions } from "./sessions.ts";

/**
 * Whose request it is when requests are counted: the account's that is logged in, so that workers behind one address do not
 * share what one may ask; else the address's, which is also charged for tokens that nobody has.
 */
export function callerKey(sessions: Sessions): (request: FastifyRequest) => Promise<string> {
  return async (request) => {
    const { authorization } = request.headers;
    if (authorization === undefined) return addressKey(request);
    return await sessions.addressOf(authorization).catch(() => addressKey(request));
  };
}

/** The address's, whoever is logged in there. */
export function addressKey({ ip }: FastifyRequest): string {
  return normalizeIP(ip);
}
