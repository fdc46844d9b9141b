import rateLimit from "@fastify/rate-limit";
import websocket from "@fastify/websocket";
import fastify, { LogController } from "fastify";
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from "fastify";
import { validatorCompiler } from "fastify-type-provider-zod";
import type { ZodTypeProvider } from "fastify-type-provider-zod";

import { toJson } from "../../protocol/json.ts";
import { assetRoutes } from "./asset-routes.ts";
import { dealRoutes } from "./deal-routes.ts";
import { answerErrors } from "./error-answers.ts";
import { feedRoute } from "./feed-route.ts";
import { describeRoutes } from "./open-api.ts";
import { operationRoutes } from "./operation-routes.ts";
import { orderRoutes } from "./order-routes.ts";
import { paramsRoutes } from "./params-routes.ts";
import type { ServerOptions } from "./zod-server.ts";

/** A server that listens nowhere yet. */
export interface MarketServer {
  /** Returns the URL. */
  listen(at: { readonly host: string; readonly port: number }): Promise<string>;
  /** Answers a request without a network: for tests. */
  inject(request: InjectOptions): Promise<LightMyRequestResponse>;
  /** Ends what it is at first. */
  close(): Promise<void>;
}

/** Longest body of anything but params. */
const BODY_LIMIT = 64 * 1024;

/** The market's REST interface and feed. */
export async function createServer(options: ServerOptions): Promise<MarketServer> {
  const { services, metrics, logger } = options;
  const logController = new LogController({ disableRequestLogging: true });
  const server: FastifyInstance = fastify({
    loggerInstance: logger,
    bodyLimit: BODY_LIMIT,
    trustProxy: [...options.proxies],
    logController,
  });
  server.setValidatorCompiler(validatorCompiler as never);
  server.setSerializerCompiler(() => (answer) => toJson(answer));
  answerErrors(server);
  metrics.observe(server);
  await server.register(rateLimit, { max: options.rateLimit, timeWindow: "1 minute" });
  await server.register(websocket, { options: { maxPayload: 4_096 } });
  await describeRoutes(server);

  const typed = server.withTypeProvider<ZodTypeProvider>();
  orderRoutes(typed, services);
  assetRoutes(typed, services);
  dealRoutes(typed, services);
  feedRoute(typed, services);
  operationRoutes(typed, options);
  await server.register(async (raw) => paramsRoutes(raw, services));
  return {
    listen: ({ host, port }) => server.listen({ host, port }),
    inject: (request) => server.inject(request),
    close: () => server.close(),
  };
}
