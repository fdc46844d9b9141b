import { once } from "node:events";
import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

import { expect } from "chai";

import { MAX_PARAMS_BYTES } from "../../../protocol/params.ts";
import { createMarketParams } from "../../../scheduler/sources/market-params.ts";

const HASH = `0x${"5a".repeat(32)}` as const;

/** What the pool gets from a market that answers so: the text, nothing, or the code of an error. */
async function fetched(answer: RequestListener): Promise<string | undefined> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const params = createMarketParams(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    return await params.fetch(HASH).catch((error: { readonly code: string }) => error.code);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe("params from the market", function () {
  it("are the exact text that it has under their hash", async function () {
    const text = '\ufeff{"version":1,"args":["é"]}';

    expect(await fetched(({ url }, reply) => reply.end(url === `/params/${HASH}` ? text : "other"))).to.equal(text);
  });

  it("are nobody's when it has none", async function () {
    expect(await fetched((_request, reply) => reply.writeHead(404).end())).to.equal(undefined);
  });

  // Two bytes a character: counted in characters, twice as much would pass.
  for (const [name, bytes, taken] of [
    ["as long as params may be", MAX_PARAMS_BYTES, true],
    ["two bytes longer", MAX_PARAMS_BYTES + 2, false],
  ] as const) {
    it(`are ${taken ? "taken" : "refused"} when they are ${name}`, async function () {
      const text = "é".repeat(bytes / 2);

      expect((await fetched((_request, reply) => reply.end(text))) === text).to.equal(taken);
    });
  }

  for (const [name, answer] of [
    ["answers with a failure", (_request, reply) => reply.writeHead(503).end()],
    [
      "breaks off",
      (_request, reply) => reply.writeHead(200, { "content-length": 9 }).end("half", () => reply.destroy()),
    ],
  ] satisfies readonly (readonly [string, RequestListener])[]) {
    it(`are asked for again when it ${name}`, async function () {
      expect(await fetched(answer)).to.equal("GM_MARKET_UNREACHABLE");
    });
  }
});
