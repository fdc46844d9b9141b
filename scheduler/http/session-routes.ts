import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";

import { NonceAnswerSchema, SessionAnswerSchema, SessionRequestSchema } from "../../protocol/siwe.ts";
import { addressKey } from "./caller-key.ts";
import type { Sessions } from "./sessions.ts";

/** Log-in by wallet: ask for a nonce, sign a message with it, get a token for an hour. */
export function addSessionRoutes(app: FastifyInstance, sessions: Sessions): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  // By address, logged in or not: else each log-in would allow sixty more.
  const rateLimit = { max: 60, timeWindow: "1 minute", keyGenerator: addressKey };

  routes.post(
    "/session/nonce",
    { config: { rateLimit }, schema: { summary: "A nonce for one log-in", response: { 200: NonceAnswerSchema } } },
    async () => ({ nonce: await sessions.nonce() }),
  );

  routes.post(
    "/session",
    {
      config: { rateLimit },
      schema: { summary: "Log in", body: SessionRequestSchema, response: { 200: SessionAnswerSchema } },
    },
    ({ body, host }) => sessions.open(body.message, body.signature, host),
  );
}
