import { request as requestHttp } from "node:http";
import type { IncomingMessage } from "node:http";
import { request as requestHttps } from "node:https";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { PoolUnreachableError } from "../errors.ts";

type Exchange = {
  readonly method: "GET" | "POST" | "PUT";
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: Readable | string;
  /** Longest silence in milliseconds. */
  readonly stallMs?: number;
  readonly signal: AbortSignal;
};

const STALL_MS = 60_000;
const MAX_TEXT_BYTES = 64 * 1024;

/**
 * One HTTP exchange, body and answer as streams. Node's own client and not `fetch`, which costs a worker 15 MB.
 * Follows no redirects: the bearer token is for one host.
 * @throws PoolUnreachableError when the connection fails or stalls; the signal's reason when it aborts
 */
export async function exchange({ signal, ...wanted }: Exchange): Promise<IncomingMessage> {
  signal.throwIfAborted();
  const { method, url, headers, body, stallMs = STALL_MS } = wanted;
  const request = (url.protocol === "https:" ? requestHttps : requestHttp)(url, {
    method,
    headers: { ...headers },
    signal,
  });
  request.setTimeout(stallMs, () => request.destroy(new Error(`silent for ${stallMs} ms`)));
  try {
    const answer = new Promise<IncomingMessage>((resolve, reject) =>
      request.on("response", resolve).on("error", reject),
    );
    if (body === undefined || typeof body === "string") request.end(body);
    // An answer may come before the body is through; then the body no longer matters.
    else await Promise.race([answer, pipeline(body, request, { end: true })]);
    return await answer;
  } catch (cause) {
    signal.throwIfAborted();
    throw new PoolUnreachableError(`${method} ${url.pathname} at ${url.host} failed`, { cause });
  }
}

/** The whole text of a small answer. */
export async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_TEXT_BYTES) throw new PoolUnreachableError("The answer is longer than any that was expected");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
