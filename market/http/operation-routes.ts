import { z } from "zod";

import { answersInTime } from "../../chain/node/answers-in-time.ts";
import { MarketInfoSchema } from "../../protocol/market-api.ts";

import type { ServerOptions, ZodServer } from "./zod-server.ts";

const tags = ["operation"];
const Health = z.object({ status: z.enum(["ok", "behind", "unreachable"]) });

/** What operators and their machines ask: `/info`, `/health`, `/ready`, `/metrics`. */
export function operationRoutes(server: ZodServer, { services, metrics, isCurrent }: ServerOptions): void {
  const { state, feed, chainId, orderDomain, ballotDomain } = services;
  const unlimited = { rateLimit: false };

  const info = { response: { 200: MarketInfoSchema }, tags, summary: "Which chain, and how far" };
  server.get("/info", { schema: info }, async () => ({
    chainId,
    marketplace: orderDomain.verifyingContract,
    hub: ballotDomain.verifyingContract,
    block: await state.followed(),
    seq: await feed.newest(),
  }));

  const health = { response: { 200: Health }, tags, summary: "The process runs" };
  server.get("/health", { schema: health, config: unlimited }, async () => ({ status: "ok" as const }));

  const ready = { response: { 200: Health, 503: Health }, tags, summary: "It follows the chain and has its database" };
  server.get("/ready", { schema: ready, config: unlimited }, async (_request, reply) => {
    const asked = isCurrent();
    if (!(await answersInTime(asked))) return reply.code(503).send({ status: "unreachable" as const });
    return (await asked) ? { status: "ok" as const } : reply.code(503).send({ status: "behind" as const });
  });

  server.get("/metrics", { schema: { tags, summary: "For Prometheus" }, config: unlimited }, async (_request, reply) =>
    reply
      .type("text/plain; version=0.0.4")
      .serializer(String)
      .send(await metrics.text()),
  );
}
