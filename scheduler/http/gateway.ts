import rateLimit from "@fastify/rate-limit";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import websocket from "@fastify/websocket";
import { fastify, LogController } from "fastify";
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";

import { MAX_MESSAGE_BYTES } from "../../protocol/messages.ts";
import { toJson } from "../../protocol/json.ts";
import type { PoolContext } from "../actions/context.ts";
import { StoreUnreachableError } from "../errors.ts";
import { addAppRoutes } from "./app-routes.ts";
import { addBlobRoutes } from "./blob-routes.ts";
import { callerKey } from "./caller-key.ts";
import { createErrorAnswers } from "./error-answer.ts";
import type { Hearing } from "./hear-message.ts";
import { operatorsOnly } from "./operators-only.ts";
import { addPoolRoutes } from "./pool-routes.ts";
import type { PoolFacts } from "./pool-routes.ts";
import { addQuarantineRoutes } from "./quarantine-routes.ts";
import { addSessionRoutes } from "./session-routes.ts";
import type { Sessions } from "./sessions.ts";
import type { SocketBoard } from "./socket-board.ts";
import { addTaskRoutes } from "./task-routes.ts";
import { addWatchRoutes } from "./watch-routes.ts";
import { addWorkerSocket } from "./worker-socket.ts";

type GatewayDeps = {
  readonly pool: PoolContext;
  readonly sessions: Sessions;
  readonly hearing: Hearing;
  readonly board: SocketBoard;
  readonly facts: PoolFacts;
  /** Whether the pool's store can be asked: what is asked of one that is away waits for its return. */
  readonly storeAnswers: () => boolean;
};

/** Requests of one account a minute, or of one address where nobody is logged in, over all routes that do not say otherwise. */
const REQUESTS_PER_MINUTE = 3_000;

/** The pool's door: HTTP for everybody, a WebSocket for workers, OpenAPI at `/docs`. Listens nowhere yet. */
export async function createGateway(deps: GatewayDeps): Promise<FastifyInstance> {
  const { pool, sessions, hearing, board, facts } = deps;
  const log: FastifyBaseLogger = pool.log.child({ part: "gateway" });
  const logController = new LogController({ disableRequestLogging: true });
  const app: FastifyInstance = fastify({ loggerInstance: log, logController, trustProxy: [...pool.config.proxies] });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setReplySerializer((payload) => toJson(payload));
  const answers = createErrorAnswers((error) => pool.failed("gateway", error));
  app.setErrorHandler(answers.failure);
  app.setNotFoundHandler(answers.unknownRoute);
  // Uploads are streams that the handler reads; nothing but JSON is ever parsed into memory.
  app.addContentTypeParser("application/octet-stream", (_request, payload, done) => done(null, payload));

  app.addHook("onRequest", (request, reply, done) => {
    // By it workers date their log-ins, which any process of the pool may check.
    void reply.header("date", new Date(pool.clock.now()).toUTCString());
    done(faultOf(request.url, deps));
  });
  app.addHook("onResponse", (request, reply, done) => done(void facts.metrics.answered(answered(request, reply))));

  const keyGenerator = callerKey(sessions);
  await app.register(rateLimit, { max: REQUESTS_PER_MINUTE, timeWindow: "1 minute", keyGenerator });
  await app.register(swagger, { openapi: DOCUMENT, transform: jsonSchemaTransform });
  await app.register(swaggerUi, { routePrefix: "/docs" });
  await app.register(websocket, { options: { maxPayload: MAX_MESSAGE_BYTES } });

  addSessionRoutes(app, sessions);
  addBlobRoutes(app, pool, sessions);
  addTaskRoutes(app, pool, sessions);
  addPoolRoutes(app, pool, facts);
  const operators = operatorsOnly(sessions, facts);
  addWatchRoutes(app, pool, operators);
  addQuarantineRoutes(app, pool, operators);
  addAppRoutes(app, pool, operators);
  addWorkerSocket(app, pool, sessions, hearing, board);
  return app;
}

function answered({ method, routeOptions }: FastifyRequest, { statusCode, elapsedTime }: FastifyReply) {
  return { method, route: routeOptions.url ?? "unknown", status: statusCode, seconds: elapsedTime / 1_000 };
}

/** What says whether the pool is well, by itself. */
const SPEAK_FOR_THEMSELVES: readonly string[] = ["/health", "/ready"];

/** Whoever asks while the store is away is told so at once, instead of waiting with it. */
function faultOf(url: string, { storeAnswers }: GatewayDeps): StoreUnreachableError | undefined {
  if (storeAnswers() || SPEAK_FOR_THEMSELVES.includes(url)) return undefined;
  return new StoreUnreachableError("The pool cannot read its state: its Redis does not answer", {
    hint: "Wait a little: the work goes on where it was once Redis is back",
  });
}

const DOCUMENT = {
  openapi: "3.1.0",
  info: { title: "Gridmill pool", version: "1", description: "The gateway of a worker pool" },
  components: { securitySchemes: { session: { type: "http", scheme: "bearer" } } },
} as const;
