import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";

import type { Services } from "../services.ts";

import type { Metrics } from "./metrics.ts";

export type ServerOptions = {
  readonly services: Services;
  readonly metrics: Metrics;
  readonly logger: FastifyBaseLogger;
  /** Requests a minute from one address: the connection's, or what one of the proxies says it is. */
  readonly rateLimit: number;
  /** Addresses and networks; see GRIDMILL_PROXIES. */
  readonly proxies: readonly string[];
  /** Whether the chain is followed closely enough for answers to be right. */
  readonly isCurrent: () => Promise<boolean>;
};

/** A server whose routes take and give what zod schemas say. */
export type ZodServer = FastifyInstance<
  FastifyInstance["server"],
  Parameters<FastifyInstance["routing"]>[0],
  Parameters<FastifyInstance["routing"]>[1],
  FastifyBaseLogger,
  ZodTypeProvider
>;
