import Fastify from "fastify";
import type { FastifyInstance } from "fastify";

import { listening } from "../../chain/node/listening.ts";
import { toJson } from "../../protocol/json.ts";

/** The worker as its owner sees it. Amounts in wei, times Unix seconds. */
export type WorkerStatus = {
  readonly worker: string;
  readonly pool: bigint | null;
  readonly poolUrl: string;
  readonly connected: boolean;
  readonly accepting: boolean;
  readonly slots: { readonly total: number; readonly free: number };
  readonly running: readonly {
    readonly leaseId: string;
    readonly taskId: string;
    readonly since: number;
    readonly stage: string;
  }[];
  /** Votes that this worker still remembers, by standing. */
  readonly votes: Readonly<Record<string, number>>;
  readonly ballots: { readonly live: number; readonly atRisk: bigint };
  /** Votes that the chain keeps: their stakes are at risk until their tasks are over. */
  readonly keptVotes: number;
  /** What the owner has to see to, each with a code. */
  readonly warnings: readonly string[];
  /** Null when the chain does not answer. */
  readonly money: { readonly bonded: bigint; readonly unbonding: bigint; readonly available: bigint } | null;
  readonly rssBytes: number;
};

type StatusServerDeps = {
  /** Whether the pool knows this worker, so that leases may come. */
  readonly ready: () => boolean;
  readonly status: () => Promise<WorkerStatus>;
  /** Prometheus text. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
};

/** What `gridmill worker status` asks; for this machine alone. */
interface StatusServer extends AsyncDisposable {
  readonly url: string;
}

/** Only these names lead here: a page in the owner's browser must not read it under a name of its own. */
const LOOPBACK_NAMES = ["127.0.0.1", "localhost"];

/** @param port 0 takes any that is free */
export async function startStatusServer(port: number, deps: StatusServerDeps): Promise<StatusServer> {
  const server = Fastify({ logger: false });
  server.addHook("onRequest", async (request, reply) => {
    if (!LOOPBACK_NAMES.includes(request.hostname)) await reply.code(403).send({ error: "loopback only" });
  });
  server.get("/health", () => ({ ok: true }));
  server.get("/ready", async (_request, reply) => {
    const ok = deps.ready();
    return reply.code(ok ? 200 : 503).send({ ok });
  });
  server.get("/status", async (_request, reply) => {
    return reply.type("application/json").send(toJson(await deps.status()));
  });
  server.get("/metrics", async (_request, reply) => {
    const { contentType, text } = await deps.metrics();
    return reply.type(contentType).send(text);
  });
  return serving(server, port);
}

async function serving(server: FastifyInstance, port: number): Promise<StatusServer> {
  const url = await listening("The worker's status page", port, () => server.listen({ host: "127.0.0.1", port }));
  return { url, [Symbol.asyncDispose]: () => server.close() };
}
