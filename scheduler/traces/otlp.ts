import { createHash } from "node:crypto";

import { ROOT_CONTEXT, SpanStatusCode, trace, TraceFlags } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import type { IdGenerator, SpanExporter } from "@opentelemetry/sdk-trace";

import type { DealSpan } from "./pool-traces.ts";

/** A collector that does not take a batch within this time loses it, in milliseconds. */
const TIMEOUT_MS = 3_000;
/** How long spans are gathered before they are sent, in milliseconds. */
const GATHER_MS = 1_000;
/** As many spans as some epochs that settle at once; what is beyond is dropped. */
const MOST_WAITING = 65_536;

type OtlpOptions = {
  /** Base URL of the collector, without `/v1/traces`. */
  readonly endpoint: string;
  readonly pool: bigint;
  /** Hears of batches that were lost. */
  readonly onError: (error: unknown) => void;
};

/** Sends spans to a collector over OTLP/HTTP. */
export interface SpanSink {
  tell(span: DealSpan): void;
  /** Sends what is left, or gives it up after some seconds. */
  stop(): Promise<void>;
}

/**
 * The one place that knows OpenTelemetry's SDK. Ids follow from the deal and what of it a span is, so that all processes of a
 * pool, and the next after a crash, write into one trace without knowing of each other.
 */
export function openOtlp({ endpoint, pool, onError }: OtlpOptions): SpanSink {
  const ids = givenIds();
  const url = new URL("v1/traces", endpoint.endsWith("/") ? endpoint : `${endpoint}/`).href;
  const exporter = outspoken(new OTLPTraceExporter({ url, timeoutMillis: TIMEOUT_MS }), onError);
  const gathering = { scheduledDelayMillis: GATHER_MS, maxQueueSize: MOST_WAITING, exportTimeoutMillis: TIMEOUT_MS };
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": "gridmill-pool", pool: pool.toString() }),
    idGenerator: ids.generator,
    spanProcessors: [new BatchSpanProcessor({ exporter, ...gathering })],
  });
  const tracer = provider.getTracer("gridmill");
  return {
    tell({ deal, name, of, parent, from, to, attributes, failed }) {
      const traceId = traceIdOf(deal);
      ids.next(traceId, spanIdOf(deal, { name, of }));
      const context = parent ? within(traceId, spanIdOf(deal, parent)) : ROOT_CONTEXT;
      const span = tracer.startSpan(name, { startTime: from, attributes: { ...attributes } }, context);
      if (failed !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failed });
      span.end(Math.max(from, to));
    },
    stop: () => provider.shutdown().catch(onError),
  };
}

/** The first half of the deal's id, so that a deal is found without a table. */
function traceIdOf(deal: string): string {
  return deal.slice(2, 34);
}

function spanIdOf(deal: string, { name, of }: { readonly name: string; readonly of: string }): string {
  return createHash("sha256").update(`${deal} ${name} ${of}`).digest("hex").slice(0, 16);
}

function within(traceId: string, spanId: string): Context {
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true });
}

/** The SDK asks for ids while it starts a span, and at no other time. */
function givenIds(): { next(traceId: string, spanId: string): void; readonly generator: IdGenerator } {
  let given = { traceId: "", spanId: "" };
  return {
    next: (traceId, spanId) => void (given = { traceId, spanId }),
    generator: { generateTraceId: () => given.traceId, generateSpanId: () => given.spanId },
  };
}

/** The SDK keeps what went wrong to itself. */
function outspoken(exporter: SpanExporter, onError: (error: unknown) => void): SpanExporter {
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        if (result.error) onError(result.error);
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => await exporter.forceFlush?.(),
  };
}
