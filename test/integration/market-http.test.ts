import { expect } from "chai";
import { pino } from "pino";

import { startMarket } from "../../market/start-market.ts";

import { MILL } from "../../protocol/amounts.ts";
import { ErrorAnswerSchema } from "../../protocol/market-api.ts";
import { MAX_PARAMS_BYTES, paramsHashOf } from "../../protocol/params.ts";
import { createMarketClient } from "../../sdk/market-client.ts";
import { inSuite } from "../support/in-suite.ts";
import { APP_ORDER } from "../support/market-orders.ts";
import { fresh, openMarketWorld } from "../support/market-world.ts";
import { waitFor } from "../support/wait-for.ts";

describe("market over HTTP", function () {
  this.timeout(60_000);
  const world = inSuite(() => openMarketWorld());
  const at = (path: string): string => new URL(path, world().market.url).href;

  async function refusal(path: string, init: RequestInit = {}): Promise<readonly [number, string]> {
    const response = await fetch(at(path), init);
    return [response.status, ErrorAnswerSchema.parse(await response.json()).error.code];
  }

  describe("params", function () {
    it("gives back the exact bytes that were put", async function () {
      const text = '{ "version" : 1,\n\t"args": ["größer"] }\n';

      const { hash, bytes } = await world().client.putParams(text);
      const back = await world().client.params(hash);

      expect(new TextDecoder().decode(back)).to.equal(text);
      expect(hash).to.equal(paramsHashOf(text));
      expect(bytes).to.equal(Buffer.byteLength(text));
    });

    const bad: Readonly<Record<string, string | Uint8Array>> = {
      "that are no JSON": "not json",
      "of another version": '{"version":2}',
      "with an unknown field": '{"version":1,"more":1}',
      "that are not UTF-8": new Uint8Array([0x7b, 0xff, 0x7d]),
      "that are empty": "",
    };
    for (const [name, body] of Object.entries(bad)) {
      it(`refuses params ${name}`, async function () {
        expect(await refusal("/params", { method: "PUT", body: body as BodyInit })).to.deep.equal([
          400,
          "GM_BAD_PARAMS",
        ]);
      });
    }

    it("takes params of the largest size, and refuses one byte more", async function () {
      const text = JSON.stringify({ version: 1 }).padEnd(MAX_PARAMS_BYTES, " ");

      expect((await world().client.putParams(text)).bytes).to.equal(MAX_PARAMS_BYTES);
      expect(await refusal("/params", { method: "PUT", body: `${text} ` })).to.deep.equal([400, "GM_BAD_INPUT"]);
    });

    it("does not know params that nobody put", async function () {
      expect(await refusal(`/params/${fresh()}`)).to.deep.equal([404, "GM_PARAMS_UNKNOWN"]);
    });
  });

  describe("what is not there, or not right", function () {
    const rows: Readonly<Record<string, readonly [string, number, string]>> = {
      "a path that is none": ["/nothing", 404, "GM_NOT_FOUND"],
      "an order that is not in the book": [`/orders/app/${fresh()}`, 404, "GM_NOT_FOUND"],
      "a deal that nobody opened": [`/deals/${fresh()}`, 404, "GM_NOT_FOUND"],
      "tasks of such a deal": [`/deals/${fresh()}/tasks`, 404, "GM_NOT_FOUND"],
      "a task of no deal": [`/tasks/${fresh()}`, 404, "GM_NOT_FOUND"],
      "an app that is not registered": ["/apps/99", 404, "GM_NOT_FOUND"],
      "a pool that is not registered": ["/pools/99", 404, "GM_NOT_FOUND"],
      "an id that is no number": ["/apps/first", 400, "GM_BAD_INPUT"],
      "a hash that is too short": ["/deals/0x12", 400, "GM_BAD_INPUT"],
      "a page of nothing": ["/orders/app?limit=0", 400, "GM_BAD_INPUT"],
      "a page that is too long": ["/orders/app?limit=201", 400, "GM_BAD_INPUT"],
      "a cursor that is none": ["/orders/app?cursor=abc", 400, "GM_BAD_INPUT"],
      "a filter that does not exist": ["/deals?colour=red", 400, "GM_BAD_INPUT"],
    };
    for (const [name, [path, status, code]] of Object.entries(rows)) {
      it(`answers ${name} with ${status} ${code}`, async function () {
        expect(await refusal(path)).to.deep.equal([status, code]);
      });
    }

    it("refuses a body that is no JSON, and one that is too long", async function () {
      const post = { method: "POST", headers: { "content-type": "application/json" } };

      expect(await refusal("/quote", { ...post, body: "{" })).to.deep.equal([400, "GM_BAD_INPUT"]);
      expect(await refusal("/quote", { ...post, body: " ".repeat(70_000) })).to.deep.equal([400, "GM_BAD_INPUT"]);
    });
  });

  describe("pages", function () {
    before(async function () {
      for (const price of [5n, 3n, 4n, 1n, 2n]) {
        const signed = await world().sign("appOwner", "app", { ...APP_ORDER, salt: fresh(), price: price * MILL });
        await world().client.postOrder("app", signed);
      }
    });

    it("lists asks cheapest first, each once, over any page length", async function () {
      const prices: bigint[] = [];
      let cursor: string | undefined;
      do {
        const page = await world().client.orders("app", { limit: 2, ...(cursor ? { cursor } : {}) });
        prices.push(...page.items.map(({ order }) => order.price / MILL));
        cursor = page.next ?? undefined;
      } while (cursor !== undefined);

      expect(prices).to.deep.equal([1n, 2n, 3n, 4n, 5n]);
      expect((await world().client.orders("app", { limit: 5 })).next).to.equal(null);
    });

    it("keeps its place while cheaper orders come in", async function () {
      const first = await world().client.orders("app", { limit: 2 });
      const signed = await world().sign("appOwner", "app", { ...APP_ORDER, salt: fresh(), price: 0n });
      await world().client.postOrder("app", signed);

      const second = await world().client.orders("app", { limit: 2, cursor: first.next! });

      expect(second.items.map(({ order }) => order.price / MILL)).to.deep.equal([3n, 4n]);
    });

    it("filters by signer, status and id", async function () {
      const { stranger, appOwner } = world().actors;
      const count = async (query: Parameters<ReturnType<typeof world>["client"]["orders"]>[1]): Promise<number> =>
        (await world().client.orders("app", query)).items.length;

      expect(await count({ signer: stranger.address })).to.equal(0);
      expect(await count({ signer: appOwner.address, app: 1n })).to.equal(6);
      expect(await count({ app: 2n })).to.equal(0);
      expect(await count({ status: "cancelled" })).to.equal(0);
      expect(await count({ status: "any" })).to.equal(6);
    });

    it("shows assets with their lowest price", async function () {
      const [app] = (await world().client.apps()).items;
      const pools = await waitFor("the pool", async () => {
        const page = await world().client.pools({ owner: world().actors.poolOwner.address });
        return page.items.length > 0 && page.items;
      });

      expect([app?.id, app?.price, app?.reference]).to.deep.equal([1n, 0n, "registry.example/app"]);
      expect([pools[0]?.price, pools[0]?.endpoint]).to.deep.equal([null, "http://pool.example"]);
    });
  });

  describe("for operators and programs", function () {
    it("describes every route in OpenAPI, amounts as decimal strings", async function () {
      const api = (await (await fetch(at("/openapi.json"))).json()) as {
        paths: Record<string, unknown>;
      };

      const paths = ["/orders/app", "/orders/request/{hash}", "/quote", "/params", "/params/{hash}", "/apps/{id}"];
      expect(Object.keys(api.paths)).to.include.members([...paths, "/deals", "/tasks/{taskId}", "/accounts/{address}"]);
      expect(JSON.stringify(api.paths["/quote"])).to.contain("^\\\\d{1,78}$");
      expect((await fetch(at("/docs"))).status).to.equal(200);
    });

    it("is healthy, ready once it has followed the chain, and measures itself", async function () {
      const ready = await waitFor("readiness", async () => (await fetch(at("/ready"))).ok);
      const metrics = await (await fetch(at("/metrics"))).text();

      expect(ready).to.equal(true);
      expect((await fetch(at("/health"))).status).to.equal(200);
      expect(metrics).to.match(/gridmill_market_block [1-9]/);
      expect(metrics).to.contain('gridmill_market_request_seconds_count{route="/orders/app",status="200"}');
    });

    it("limits what one address may ask in a minute, whatever the headers of one that is no proxy say", async function () {
      const { rpcUrl, deploymentFile } = world();
      const database = { kind: "embedded", folder: undefined } as const;
      const config = { rpcUrls: [rpcUrl], deploymentFile, database, confirmations: 0, host: "127.0.0.1", port: 0 };
      await using strict = await startMarket(
        { ...config, proxies: ["10.0.0.0/8"], rateLimit: 3, logLevel: "silent" },
        pino({ level: "silent" }),
      );
      const ask = async (from: string): Promise<number> =>
        (await fetch(`${strict.url}/info`, { headers: { "x-forwarded-for": from } })).status;

      expect([await ask("1.1.1.1"), await ask("2.2.2.2"), await ask("3.3.3.3"), await ask("4.4.4.4")]).to.deep.equal([
        ...[200, 200, 200, 429],
      ]);
      const error = await createMarketClient({ url: strict.url })
        .info()
        .catch((each: unknown) => each);
      expect(error).to.include({ code: "GM_RATE_LIMITED", retryable: true });
      expect((await fetch(`${strict.url}/health`)).status).to.equal(200);

      const through = async (proxy: string, headers: Record<string, string>): Promise<number> =>
        (await strict.inject({ url: "/info", remoteAddress: proxy, headers })).statusCode;
      for (let asked = 1; asked <= 3; asked++)
        expect(await through("10.1.2.3", { "x-forwarded-for": "5.5.5.5" })).to.equal(200);
      expect(await through("10.1.2.3", { "x-forwarded-for": "5.5.5.5" })).to.equal(429);
      expect(await through("10.1.2.3", { "x-forwarded-for": "6.6.6.6" })).to.equal(200);
    });

    it("serves the same client without a network", async function () {
      const { market } = world();
      const injected = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
        const answer = await market.inject({
          method: init?.method ?? "GET",
          url: new URL(input as URL).pathname,
        });
        return new Response(answer.body, { status: answer.statusCode });
      };

      const client = createMarketClient({ url: "http://market.invalid", fetch: injected });

      expect((await client.info()).chainId).to.equal(world().deployment.chainId);
    });

    it("tells which market did not answer: GM_MARKET_UNREACHABLE", async function () {
      const client = createMarketClient({ url: "http://127.0.0.1:1", timeoutMs: 1_000 });

      const error = await client.info().catch((each: unknown) => each);

      expect(error).to.have.property("code", "GM_MARKET_UNREACHABLE");
    });
  });
});
