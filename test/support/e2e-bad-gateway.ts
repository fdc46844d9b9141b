import { once } from "node:events";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { json } from "node:stream/consumers";

import { Wallet } from "ethers";
import { WebSocket } from "ws";

import { ErrorAnswerSchema } from "../../protocol/market-api.ts";
import { MAX_MESSAGE_BYTES } from "../../protocol/messages.ts";
import { randomHash } from "../../sdk/random.ts";
import { createSessions } from "../../worker/gateway/session.ts";

import type { BadMarket } from "./e2e-bad-market.ts";
import { AT_ONCE } from "./e2e-case.ts";
import type { Case } from "./e2e-case.ts";
import type { Ended } from "./e2e-ended.ts";
import { keyOf } from "./e2e-person.ts";

type Signer = Pick<Wallet, "address" | "signMessage">;

/** A session of an account at the market's pool. */
async function tokenOf({ local }: BadMarket, { address, signMessage }: Signer): Promise<string> {
  const base = new URL(`${local.poolUrl}/`);
  const { chainId } = local.deployment;
  const signText = (text: string): Promise<string> => signMessage(text);
  return await createSessions({ base, chainId, address, signText }).token(AbortSignal.timeout(5_000));
}

const anybody = (): Signer => {
  const wallet = Wallet.createRandom();
  return { address: wallet.address, signMessage: (text) => wallet.signMessage(text) };
};

async function requesterOf({ local }: BadMarket): Promise<Signer> {
  const key = await keyOf(local, "requester");
  return { address: key.address, signMessage: (text) => key.signMessage(text) };
}

/* WORKERS */

/** Connects as a worker, says some things, and tells what came of it: a message, or how the pool ended it. */
export async function asWorker(market: BadMarket, said: readonly string[], signer = anybody()): Promise<Ended> {
  const authorization = `Bearer ${await tokenOf(market, signer)}`;
  const socket = new WebSocket(`${market.local.poolUrl.replace("http", "ws")}/worker`, { headers: { authorization } });
  const ended = once(socket, "close") as Promise<[number, Buffer]>;
  try {
    await once(socket, "message"); // welcome
    const answer = once(socket, "message").then(([data]) => reasonIn(data as Buffer));
    for (const text of said) socket.send(text, () => {});
    const closed = ended.then(([code, why]) => `closed ${code} ${why.toString()}`.trim());
    return { task: await Promise.race([answer, closed]) };
  } finally {
    socket.terminate();
  }
}

function reasonIn(data: Buffer): string {
  const { type, reason } = JSON.parse(data.toString()) as { type: string; reason?: string };
  return `${type}: ${reason}`;
}

const beat = JSON.stringify({ type: "heartbeat", leases: [], load: 0, accepting: false });

/** Somebody who gives out to be a worker. */
export const MESSAGES: readonly Case[] = [
  {
    name: "a worker that says nonsense",
    act: (market) => asWorker(market, ["give me work"]),
    ends: { task: "closed 1002 not a message of this protocol" },
    within: AT_ONCE,
  },
  {
    name: "a worker whose message is too long",
    act: (market) => asWorker(market, ["x".repeat(MAX_MESSAGE_BYTES + 1)]),
    ends: { task: "closed 1009" },
    within: AT_ONCE,
  },
  {
    name: "a worker that talks without end",
    act: (market) => asWorker(market, Array<string>(5_000).fill(beat)),
    ends: { task: "closed 1008 too many messages" },
    // It is slowed down first: the pool reads no faster than it can hear.
    within: 15,
  },
  {
    name: "a result for a task that nobody has",
    act: (market: BadMarket): Promise<Ended> => {
      const said = { type: "computed", leaseId: crypto.randomUUID(), taskId: randomHash(), tag: randomHash() };
      return asWorker(market, [JSON.stringify(said)]);
    },
    ends: { task: "drop: task is unknown here" },
    within: AT_ONCE,
  },
  {
    name: "a worker without a log-in",
    act: async ({ local }: BadMarket): Promise<Ended> => {
      const socket = new WebSocket(`${local.poolUrl.replace("http", "ws")}/worker`);
      const refused = once(socket, "unexpected-response") as Promise<[unknown, IncomingMessage]>;
      socket.on("error", () => {});
      return await answerOf((await refused)[1]).finally(() => socket.terminate());
    },
    ends: { code: "GM_NOT_LOGGED_IN" },
    within: AT_ONCE,
  },
];

/* BLOBS */

/** SHA-256 of nothing that anybody has. */
const NOT_ITS_HASH = "ab".repeat(32);
const FIVE_GIB = 5 * 1024 ** 3;

type Upload = { readonly signer?: Signer; readonly bytes?: number; readonly method?: string };

async function blob(market: BadMarket, { signer, bytes = 4, method = "PUT" }: Upload): Promise<Ended> {
  const authorization = signer ? { authorization: `Bearer ${await tokenOf(market, signer)}` } : {};
  const body = method === "PUT" ? { "content-type": "application/octet-stream", "content-length": bytes } : {};
  const ask = request(`${market.local.poolUrl}/blobs/${NOT_ITS_HASH}`, {
    method,
    headers: { ...authorization, ...body },
  });
  ask.on("error", () => {}); // the pool may answer and hang up before it has read everything
  if (method === "PUT") ask.write("data");
  if (bytes === 4) ask.end();
  else ask.flushHeaders();
  const [response] = (await once(ask, "response")) as [IncomingMessage];
  return await answerOf(response).finally(() => ask.destroy());
}

async function answerOf(response: IncomingMessage): Promise<Ended> {
  const { error } = ErrorAnswerSchema.parse(await json(response));
  return { code: error.code, said: error.message };
}

/** What may not be stored, or fetched. */
export const BLOBS: readonly Case[] = [
  {
    name: "an upload under another hash",
    act: async (market) => blob(market, { signer: await requesterOf(market) }),
    ends: { code: "GM_BLOB_MISMATCH" },
    within: AT_ONCE,
  },
  {
    name: "an upload beyond the quota",
    act: async (market) => blob(market, { signer: await requesterOf(market), bytes: FIVE_GIB }),
    ends: { code: "GM_BLOB_QUOTA" },
    within: AT_ONCE,
  },
  {
    name: "an upload by somebody without funds",
    act: (market) => blob(market, { signer: anybody() }),
    ends: { code: "GM_NOT_ALLOWED" },
    within: AT_ONCE,
  },
  {
    name: "an upload without a log-in",
    act: (market) => blob(market, {}),
    ends: { code: "GM_NOT_LOGGED_IN" },
    within: AT_ONCE,
  },
  {
    name: "an input that nobody uploaded, fetched",
    act: async (market) => blob(market, { signer: anybody(), method: "GET" }),
    ends: { code: "GM_NOT_FOUND" },
    within: AT_ONCE,
  },
];
