import { expect } from "chai";
import { Wallet } from "ethers";
import { SiweMessage } from "siwe";

import type { GridmillError } from "../../../protocol/errors.ts";
import { SESSION_STATEMENT } from "../../../protocol/siwe.ts";
import { createGatewayClient } from "../../../sdk/gateway-client.ts";

const URL_OF_POOL = "http://pool.example:8470";
const TASK = `0x${"11".repeat(32)}` as const;
const SHA = "ab".repeat(32);

type Seen = {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: BodyInit | null;
};
type Answers = Readonly<Record<string, (seen: Seen) => Response | Promise<Response>>>;

/** A pool that is its answers by "METHOD /path", and remembers what it was asked. */
function poolOf(answers: Answers) {
  const seen: Seen[] = [];
  const fetchFake = (async (input: URL, init: RequestInit = {}) => {
    const asked = {
      method: init.method!,
      path: input.pathname,
      headers: new Headers(init.headers),
      body: init.body ?? null,
    };
    seen.push(asked);
    const answer = answers[`${asked.method} ${asked.path}`];
    if (!answer) throw new TypeError("fetch failed");
    return await answer(asked);
  }) as unknown as typeof fetch;
  const signer = Wallet.createRandom();
  const client = createGatewayClient({
    url: URL_OF_POOL,
    chainId: 31_337,
    signer: new Wallet(signer.privateKey),
    fetch: fetchFake,
  });
  return { client, seen, signer };
}

/** Of a pool whose clock stands at `clock`, in Unix seconds. */
const session =
  (lastsSeconds: number, clock = Math.floor(Date.now() / 1_000)) =>
  (): Response => {
    const address = `0x${"22".repeat(20)}`;
    return Response.json({ token: "t".repeat(20), address, expiresAt: clock + lastsSeconds, lastsSeconds });
  };
const HOUR = 3_600;
const LOG_IN: Answers = {
  "POST /session/nonce": () => Response.json({ nonce: "abcdefgh12345" }),
  "POST /session": session(HOUR),
};
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "none",
    (error: unknown) => (error as GridmillError).code,
  );

describe("createGatewayClient", function () {
  it("drains a pool as who signs, and reads its workers, tasks and epochs as anybody", async function () {
    const { client, seen } = poolOf({
      ...LOG_IN,
      "PUT /pool/drain": () => Response.json({ draining: true }),
      "GET /pool/workers": () => Response.json({ workers: [] }),
      "GET /pool/tasks": () => Response.json({ tasks: [] }),
      "GET /pool/epochs": () => Response.json({ epochs: [] }),
    });

    const views = await Promise.all([client.workers(), client.tasks({ status: "planned" }), client.epochs()]);
    const drained = await client.drain(true);

    expect(views).to.deep.equal([{ workers: [] }, { tasks: [] }, { epochs: [] }]);
    expect(drained).to.deep.equal({ draining: true });
    expect(seen.slice(0, 3).every(({ headers }) => !headers.has("authorization"))).to.equal(true);
    const { headers, body } = seen.at(-1)!;
    expect([headers.get("authorization"), body]).to.deep.equal([`Bearer ${"t".repeat(20)}`, '{"draining":true}']);
  });

  it("logs in with a message that names this pool, this chain and our statement", async function () {
    const { client, seen, signer } = poolOf({ ...LOG_IN, [`GET /tasks/${TASK}/result`]: () => new Response("tar") });

    await client.result(TASK);

    const { message, signature } = JSON.parse(seen[1]!.body as string) as { message: string; signature: string };
    const parsed = new SiweMessage(message);
    expect(parsed).to.include({ domain: "pool.example:8470", chainId: 31_337, nonce: "abcdefgh12345" });
    expect(parsed.statement).to.equal(SESSION_STATEMENT);
    expect((await parsed.verify({ signature })).data.address).to.equal(signer.address);
    expect(seen[2]!.headers.get("authorization")).to.equal(`Bearer ${"t".repeat(20)}`);
  });

  it("logs in once for several calls, and again when the session is about to end", async function () {
    const answers = { ...LOG_IN, [`GET /tasks/${TASK}/result`]: () => new Response("tar") };
    const lasting = poolOf(answers);
    const ending = poolOf({ ...answers, "POST /session": session(5) });
    const behind = poolOf({ ...answers, "POST /session": session(HOUR, 1_000) });
    for (const { client } of [lasting, ending, behind]) for (let call = 0; call < 3; call++) await client.result(TASK);

    const logIns = ({ seen }: typeof lasting): number => seen.filter(({ path }) => path === "/session").length;
    expect(logIns(lasting)).to.equal(1);
    expect(logIns(ending)).to.equal(3);
    expect(logIns(behind), "by a clock that is far behind").to.equal(1);
  });

  it("logs in anew, once, when the pool does not know its session any more", async function () {
    const error = { code: "GM_NOT_LOGGED_IN", message: "Nobody is logged in", retryable: false };
    const forgotten = (): Response => Response.json({ error }, { status: 401 });
    const logIns = ({ seen }: ReturnType<typeof poolOf>): number =>
      seen.filter(({ path }) => path === "/session").length;
    let asked = 0;
    const once = { [`GET /tasks/${TASK}/result`]: () => (asked++ === 1 ? forgotten() : new Response("tar")) };
    const [forgetful, refusing] = [poolOf({ ...LOG_IN, ...once }), poolOf({ ...LOG_IN, [`GET /tasks/${TASK}/result`]: forgotten })]; // prettier-ignore

    for (let call = 0; call < 3; call++) await forgetful.client.result(TASK);

    expect([asked, logIns(forgetful)]).to.deep.equal([4, 2]);
    expect(await codeOf(refusing.client.result(TASK))).to.equal("GM_NOT_LOGGED_IN");
    expect(logIns(refusing)).to.equal(2);
  });

  it("uploads what the pool has not, and nothing else", async function () {
    const missing = poolOf({
      ...LOG_IN,
      [`HEAD /blobs/${SHA}`]: () => new Response(null, { status: 404 }),
      [`PUT /blobs/${SHA}`]: () => Response.json({ sha256: SHA, bytes: 5 }),
    });
    const there = poolOf({ ...LOG_IN, [`HEAD /blobs/${SHA}`]: () => new Response(null) });
    for (const { client } of [missing, there]) await client.upload(SHA, new Blob(["hello"]));

    expect(missing.seen.at(-1)).to.include({ method: "PUT" });
    expect(there.seen.at(-1)).to.include({ method: "HEAD" });
  });

  it("passes on the pool's own error with its code", async function () {
    const error = { code: "GM_NOT_ALLOWED", message: "not yours", retryable: false };
    const { client } = poolOf({
      ...LOG_IN,
      [`GET /tasks/${TASK}/result`]: () => Response.json({ error }, { status: 403 }),
    });

    expect(await codeOf(client.result(TASK))).to.equal("GM_NOT_ALLOWED");
  });

  it("calls a pool unreachable that is silent, or says what no pool says", async function () {
    const silent = poolOf({});
    const strange = poolOf({ "GET /pool": () => Response.json({ hello: "world" }) });
    const broken = poolOf({ "GET /pool": () => new Response("<html>", { status: 502 }) });

    for (const { client } of [silent, strange, broken])
      expect(await codeOf(client.pool())).to.equal("GM_POOL_UNREACHABLE");
  });
});
