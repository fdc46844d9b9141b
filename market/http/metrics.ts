import type { FastifyInstance } from "fastify";
import { Gauge, Histogram, Registry } from "prom-client";

/** What the market measures about itself. */
export interface Metrics {
  /** In the text form of Prometheus. */
  text(): Promise<string>;
  /** Times every request of this server. */
  observe(server: FastifyInstance): void;
}

type Measured = {
  readonly block: () => number;
  readonly head: () => number;
  readonly quarantined: () => Promise<number>;
};

export function createMetrics({ block, head, quarantined }: Measured): Metrics {
  const registry = new Registry();
  const requests = new Histogram({
    name: "gridmill_market_request_seconds",
    help: "Seconds that requests took, by route and status",
    labelNames: ["route", "status"],
    registers: [registry],
  });
  const gauge = (name: string, help: string, read: () => number | Promise<number>): void => {
    const collect = async function (this: Gauge): Promise<void> {
      this.set(await read());
    };
    new Gauge({ name, help, registers: [registry], collect });
  };
  gauge("gridmill_market_block", "Last block that this process brought into the book", block);
  gauge("gridmill_market_head", "Newest block that it saw", head);
  gauge("gridmill_market_quarantined", "Events that could not be handled", quarantined);
  return {
    text: () => registry.metrics(),
    observe: (server) =>
      void server.addHook("onResponse", async (request, reply) => {
        const route = request.routeOptions.url ?? "unknown";
        requests.observe({ route, status: reply.statusCode }, reply.elapsedTime / 1_000);
      }),
  };
}
