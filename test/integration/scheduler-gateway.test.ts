import { createHash, randomUUID } from "node:crypto";
import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";

import { expect } from "chai";
import { WebSocket } from "ws";

import { dealIdOf, taskIdOf } from "../../protocol/deal.ts";
import type { WorkerMessage } from "../../protocol/messages.ts";
import { withGateway } from "../support/gateway-fixture.ts";
import { withRedis } from "../support/parts.ts";
import { accountOf, bearerOf, openSocket, POOL_HOST } from "../support/scheduler-gateway.ts";
import { postSession, signedLogin } from "../support/scheduler-gateway.ts";
import type { LoginChanges } from "../support/scheduler-gateway.ts";
import { waitFor } from "../support/wait-for.ts";

const sha256Of = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
const codeIn = (answer: { json: () => unknown }): string => (answer.json() as { error: { code: string } }).error.code;

describe("a pool's gateway", function () {
  const redis = withRedis();
  const { world, app } = withGateway(redis, { env: { GRIDMILL_BLOB_QUOTA_MIB: "1" }, publicHost: POOL_HOST });

  describe("log-in", function () {
    it("gives a token to who signs for this pool", async function () {
      const answer = await postSession(app(), await signedLogin(app(), 1));

      expect(answer.statusCode).to.equal(200);
      expect(answer.json<{ address: string }>().address).to.equal(accountOf(1));
    });

    const wrong: readonly (readonly [string, LoginChanges])[] = [
      ["another pool's name", { domain: "other.example" }],
      ["another statement", { statement: "Give me all your tokens." }],
      ["another chain", { chainId: 1 }],
      ["a nonce that nobody gave", { nonce: "abcdefgh12345678" }],
      ["another wallet's signature", { signer: 2 }],
      ["a time that has passed", { expirationTime: "2020-01-01T00:00:00Z" }],
    ];
    for (const [what, changes] of wrong) {
      it(`refuses a message with ${what}`, async function () {
        const answer = await postSession(app(), await signedLogin(app(), 1, changes));

        expect([answer.statusCode, codeIn(answer)]).to.deep.equal([401, "GM_NOT_LOGGED_IN"]);
      });
    }

    it("refuses a message for another pool that is passed on under that pool's name", async function () {
      const answer = await postSession(
        app(),
        await signedLogin(app(), 1, { domain: "other.example" }),
        "other.example",
      );

      expect(answer.statusCode).to.equal(401);
    });

    it("takes a message once", async function () {
      const login = await signedLogin(app(), 1);

      expect((await postSession(app(), login)).statusCode).to.equal(200);
      expect((await postSession(app(), login)).statusCode).to.equal(401);
    });

    it("refuses what is no message, and what is no body", async function () {
      expect((await postSession(app(), { message: "hello", signature: "0x00" })).statusCode).to.equal(401);
      expect((await postSession(app(), { message: "hello" })).statusCode).to.equal(400);
    });

    it("is over when its token has run out", async function () {
      const headers = await bearerOf(app(), 1);
      const [key] = await world().redis.keys(world().keys("session", "*").replaceAll(/[{}]/g, "?"));
      expect(await world().redis.ttl(key!)).to.be.within(1, 3_600);
      await world().redis.del(key!);

      expect((await app().inject({ url: `/blobs/${"a".repeat(64)}`, headers })).statusCode).to.equal(401);
    });
  });

  describe("blobs", function () {
    const bytes = Buffer.from("some input");
    const put = (headers: object, body: Buffer, name = sha256Of(body)) =>
      app().inject({
        method: "PUT",
        url: `/blobs/${name}`,
        headers: { ...headers, "content-type": "application/octet-stream", "content-length": `${body.length}` },
        payload: Readable.from([body]),
      });
    let headers: { readonly authorization: string };
    beforeEach(async function () {
      world().hub.covers.set(accountOf(1), 1n);
      headers = await bearerOf(app(), 1);
    });

    it("are stored under their hash and read by whoever is logged in and knows it", async function () {
      expect((await put(headers, bytes)).json()).to.deep.equal({ sha256: sha256Of(bytes), bytes: bytes.length });

      const read = await app().inject({ url: `/blobs/${sha256Of(bytes)}`, headers: await bearerOf(app(), 2) });
      expect(read.rawPayload.equals(bytes)).to.equal(true);
      expect((await app().inject({ url: `/blobs/${sha256Of(bytes)}` })).statusCode).to.equal(401);
    });

    it("are stored again where a power cut has left half of them", async function () {
      await put(headers, bytes);
      const name = sha256Of(bytes);
      await truncate(join(world().folder, "blobs", name.slice(0, 2), name), 3);

      expect((await put(headers, bytes)).json()).to.deep.equal({ sha256: name, bytes: bytes.length });
      const read = await app().inject({ url: `/blobs/${name}`, headers });
      expect(read.rawPayload.equals(bytes)).to.equal(true);
    });

    it("are refused under another hash, and nothing of them is kept or charged", async function () {
      const name = "a".repeat(64);
      const answer = await put(headers, bytes, name);

      expect(codeIn(answer)).to.equal("GM_BLOB_MISMATCH");
      expect((await app().inject({ url: `/blobs/${name}`, headers })).statusCode).to.equal(404);
      expect(await world().pool.ledger.bytesUsed(accountOf(1))).to.equal(0);
    });

    it("are refused from who has nothing in the escrow, even if they are here already", async function () {
      const poor = await bearerOf(app(), 2);

      expect((await put(poor, bytes)).statusCode).to.equal(403);
      await put(headers, bytes);
      expect((await put(poor, bytes)).statusCode).to.equal(403);
    });

    it("are refused without a length, and without a body", async function () {
      const url = `/blobs/${sha256Of(bytes)}`;
      const type = { "content-type": "application/octet-stream" };

      const chunked = await app().inject({
        method: "PUT",
        url,
        headers: { ...headers, ...type },
        payload: Readable.from([bytes]),
      });
      const empty = await app().inject({ method: "PUT", url, headers: { ...headers, "content-length": "0" } });

      expect([chunked.statusCode, empty.statusCode]).to.deep.equal([400, 400]);
    });

    it("fill the quota to its last byte, and no more, however many come side by side", async function () {
      const half = [1, 2, 3].map((fill) => Buffer.alloc(512 * 1024, fill));

      const answers = await Promise.all(half.map((blob) => put(headers, blob)));

      expect(answers.map(({ statusCode }) => statusCode).sort()).to.deep.equal([200, 200, 413]);
      expect(await world().pool.ledger.bytesUsed(accountOf(1))).to.equal(1024 * 1024);
    });

    it("are charged once, and free the quota when they are forgotten", async function () {
      await put(headers, bytes);
      await put(headers, bytes);
      expect(await world().pool.ledger.bytesUsed(accountOf(1))).to.equal(bytes.length);

      await world().pool.ledger.forget(sha256Of(bytes));

      expect(await world().pool.ledger.bytesUsed(accountOf(1))).to.equal(0);
    });
  });

  describe("results", function () {
    it("are given to requester and beneficiary alone, once they are paid for", async function () {
      await world().connect(1);
      await world().connect(2);
      const deal = world().openDeal({ requester: accountOf(5), beneficiary: accountOf(6) });
      const taskId = taskIdOf(dealIdOf(deal), 0);
      const [requester, beneficiary, worker] = await Promise.all([5, 6, 1].map((index) => bearerOf(app(), index)));
      const get = async (headers: { authorization?: string }) =>
        (await app().inject({ url: `/tasks/${taskId}/result`, headers })).statusCode;

      await world().drive("uploaded", async () => (await world().pool.tasks.get(taskId))?.result !== undefined);
      const { result } = (await world().pool.tasks.get(taskId))!;
      expect(world().hub.settled.size).to.equal(0);
      expect(await get(requester!)).to.equal(404);
      expect((await app().inject({ url: `/tasks/${taskId}` })).json()).to.include({ digest: null, result: null });

      await world().drive("settled", world().isSettled(deal));
      await world().settleDown();
      expect([await get(requester!), await get(beneficiary!)]).to.deep.equal([200, 200]);
      expect([await get(worker!), await get({})]).to.deep.equal([403, 401]);
      expect((await app().inject({ url: `/blobs/${result}`, headers: worker! })).statusCode).to.equal(403);
    });

    it("are not found where there is no task", async function () {
      const headers = await bearerOf(app(), 1);

      expect((await app().inject({ url: `/tasks/0x${"11".repeat(32)}/result`, headers })).statusCode).to.equal(404);
      expect((await app().inject({ url: "/tasks/nonsense" })).statusCode).to.equal(400);
    });
  });

  describe("what it tells anybody", function () {
    it("is where deals and tasks stand", async function () {
      const deal = world().openDeal({ volume: 2 });
      await world().settleDown();

      const view = (await app().inject({ url: `/deals/${dealIdOf(deal)}` })).json<{
        stage: string;
        tasks: unknown[];
      }>();
      const task = (await app().inject({ url: `/tasks/${taskIdOf(dealIdOf(deal), 1)}` })).json<object>();

      expect(view.stage).to.equal("entered");
      expect(view.tasks).to.have.lengthOf(2);
      expect(task).to.include({ status: "planned", waitingFor: "no worker is connected", index: 1 });
    });

    it("is the pool at a glance, its health, and that it is not ready while the chain is away", async function () {
      await world().connect(1);

      expect((await app().inject({ url: "/pool" })).json<{ workers: unknown[] }>().workers).to.have.lengthOf(1);
      expect((await app().inject({ url: "/health" })).statusCode).to.equal(200);
      expect((await app().inject({ url: "/ready" })).statusCode).to.equal(200);
      world().hub.outage = new Error("away");
      expect((await app().inject({ url: "/ready" })).statusCode).to.equal(503);
    });
  });

  describe("its socket", function () {
    beforeEach(() => app().listen({ host: "127.0.0.1", port: 0 }));

    it("refuses who is not logged in before there is a connection", async function () {
      const { port } = app().server.address() as { port: number };
      const socket = new WebSocket(`ws://127.0.0.1:${port}/worker`);

      const status = await new Promise((resolve) =>
        socket.on("unexpected-response", (_request, { statusCode }) => resolve(statusCode)),
      );

      expect(status).to.equal(401);
      socket.on("error", () => {}).terminate();
    });

    it("welcomes a worker, and knows it by its wallet once it has said hello", async function () {
      using worker = await openSocket(app(), await bearerOf(app(), 1));
      const hello = (await world().connect(2)).hello()[0]!;

      worker.send(hello);

      await waitFor("the worker", async () => (await world().pool.workers.get(accountOf(1))) !== undefined);
      expect(worker.heard[0]).to.include({ type: "welcome", heartbeatMs: 3_000 });
    });

    for (const text of ["{", "[]", '{"type":"hello"}', '{"type":"welcome"}']) {
      it(`closes on ${text}`, async function () {
        using worker = await openSocket(app(), await bearerOf(app(), 1));

        worker.send(text);

        expect(await worker.closed).to.equal(1002);
      });
    }

    it("closes on a message larger than a mebibyte", async function () {
      using worker = await openSocket(app(), await bearerOf(app(), 1));

      worker.send("x".repeat(1024 * 1024 + 1));

      expect(await worker.closed).to.equal(1009);
    });

    it("closes on a flood", async function () {
      using worker = await openSocket(app(), await bearerOf(app(), 1));
      const line: WorkerMessage = { type: "log", leaseId: randomUUID(), text: "hello" };

      for (let count = 0; count < 5_000; count++) worker.send(line);

      expect(await worker.closed).to.equal(1008);
    });

    it("lets a newer connection of a worker take the place of the older", async function () {
      const headers = await bearerOf(app(), 1);
      using older = await openSocket(app(), headers);
      using newer = await openSocket(app(), headers);

      expect(await older.closed).to.equal(4001);
      newer.send({ type: "heartbeat", leases: [], load: 0, accepting: true });
      const seen = world().keys("workers-seen");
      await waitFor("a sign of life", async () => (await world().redis.zscore(seen, accountOf(1))) !== null);
    });
  });
});
