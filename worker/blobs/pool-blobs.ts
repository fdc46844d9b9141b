import type { Readable } from "node:stream";

import { streamFile } from "../../chain/node/stream-file.ts";
import { PoolUnreachableError } from "../errors.ts";
import { exchange, textOf } from "./http-exchange.ts";

/** A pool's store of files by their sha256, as the agent uses it. */
export interface PoolBlobs {
  /**
   * Opens a blob; `bytes` is what the pool says that it will send, if it says so.
   * @throws PoolUnreachableError
   */
  get(sha256: string, signal: AbortSignal): Promise<{ readonly bytes: number | undefined; readonly body: Readable }>;
  /**
   * Sends a file of this machine.
   * @throws PoolUnreachableError
   */
  put(sha256: string, file: { readonly path: string; readonly bytes: number }, signal: AbortSignal): Promise<void>;
}

/** @param token gives the bearer of the session with the pool at `base` */
export function createPoolBlobs(base: URL, token: (signal: AbortSignal) => Promise<string>): PoolBlobs {
  const urlOf = (sha256: string): URL => new URL(`blobs/${sha256}`, base);
  const bearer = async (signal: AbortSignal) => ({ authorization: `Bearer ${await token(signal)}` });
  return {
    get: async (sha256, signal) => {
      const answer = await exchange({ method: "GET", url: urlOf(sha256), headers: await bearer(signal), signal });
      if (answer.statusCode !== 200) throw await refusal(sha256, answer);
      const length = answer.headers["content-length"];
      return { bytes: length === undefined ? undefined : Number(length), body: answer };
    },
    put: async (sha256, { path, bytes }, signal) => {
      const headers = {
        ...(await bearer(signal)),
        "content-type": "application/octet-stream",
        "content-length": bytes,
      };
      const body = streamFile(path, bytes);
      try {
        const answer = await exchange({ method: "PUT", url: urlOf(sha256), headers, body, signal });
        if ((answer.statusCode ?? 500) >= 300) throw await refusal(sha256, answer);
        answer.resume();
      } finally {
        body.destroy();
      }
    },
  };
}

async function refusal(sha256: string, answer: Parameters<typeof textOf>[0]): Promise<PoolUnreachableError> {
  const said = await textOf(answer).catch(() => "");
  return new PoolUnreachableError(`The pool answered ${answer.statusCode} for blob ${sha256}`, {
    details: { status: answer.statusCode, answer: said.slice(0, 500) },
  });
}
