import type { FastifyInstance } from "fastify";
import { z } from "zod";

import { BadParamsError } from "../../protocol/errors.ts";
import { ParamsAnswerSchema } from "../../protocol/market-api.ts";
import { ParamsUnknownError } from "../../protocol/market-errors.ts";
import { MAX_PARAMS_BYTES, paramsHashOf, parseParams } from "../../protocol/params.ts";
import { HashSchema } from "../../protocol/primitives.ts";
import type { Hash } from "../../protocol/primitives.ts";
import type { Services } from "../services.ts";

const HashParams = z.object({ hash: HashSchema });
const tags = ["params"];

/** Params as bytes: their hash is of exactly what was sent, so here nothing parses a body but we. */
export function paramsRoutes(server: FastifyInstance, { params, clock }: Services): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: MAX_PARAMS_BYTES }, (_request, body, done) =>
    done(null, body),
  );

  const put = { response: { 200: ParamsAnswerSchema }, tags, summary: "Store params; the answer has their hash" };
  server.put("/params", { schema: put, bodyLimit: MAX_PARAMS_BYTES }, async (request) => {
    const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    parseParams(textOf(bytes));
    const hash = paramsHashOf(bytes);
    await params.put(hash, bytes, clock.now());
    return { hash, bytes: bytes.length };
  });

  const get = { params: HashParams, tags, summary: "The exact bytes of stored params" };
  server.get("/params/:hash", { schema: get }, async (request, reply) => {
    const { hash } = request.params as { hash: Hash };
    const bytes = await params.get(hash);
    if (!bytes) throw new ParamsUnknownError(`The market holds no params with hash ${hash}`);
    return reply
      .type("application/json")
      .header("cache-control", "immutable, max-age=31536000")
      .send(Buffer.from(bytes));
  });
}

function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new BadParamsError("The params are not UTF-8", { cause, hint: "See docs/params.md for their form" });
  }
}
