import { once } from "node:events";

import type { FastifyInstance, LightMyRequestResponse } from "fastify";
import { SiweMessage } from "siwe";
import { WebSocket } from "ws";

import { ballotSigner } from "../../chain/sign.ts";
import { toJson } from "../../protocol/json.ts";
import type { WorkerMessage } from "../../protocol/messages.ts";
import type { Address } from "../../protocol/primitives.ts";
import { SESSION_STATEMENT } from "../../protocol/siwe.ts";
import { createGateway } from "../../scheduler/http/gateway.ts";
import { createSessions } from "../../scheduler/http/sessions.ts";
import { createSocketBoard } from "../../scheduler/http/socket-board.ts";
import { createSessionStore } from "../../scheduler/store/workers/session-store.ts";
import { BALLOT_DOMAIN, CHAIN_ID, HUB } from "./scheduler-chain.ts";
import { walletOf } from "./scheduler-records.ts";
import { isOwner } from "./scheduler-worker.ts";
import type { SchedulerWorld } from "./scheduler-world.ts";

/** The name by which the gateway of these tests is called. */
export const POOL_HOST = "pool.example";

/** The gateway of a world's pool; it listens nowhere until it is told to. */
export async function openGateway(world: SchedulerWorld, publicHost?: string): Promise<FastifyInstance> {
  const contracts = { token: HUB, escrow: HUB, appRegistry: HUB, datasetRegistry: HUB, poolRegistry: HUB };
  return createGateway({
    pool: world.pool,
    board: createSocketBoard(),
    sessions: createSessions(
      { store: createSessionStore(world.redis, world.keys), clock: world.pool.clock },
      CHAIN_ID,
      publicHost,
    ),
    hearing: {
      chainId: CHAIN_ID,
      ballotSigner: (ballot, signature) => ballotSigner(ballot, signature, BALLOT_DOMAIN),
      isOwner,
    },
    storeAnswers: () => world.redis.status === "ready",
    facts: {
      deployment: { chainId: CHAIN_ID, block: 0, contracts: { ...contracts, marketplace: HUB, hub: HUB } },
      operator: accountOf(7),
      owner: () => accountOf(8),
      metrics: world.metrics,
    },
  });
}

export type LoginChanges = {
  readonly domain?: string;
  readonly statement?: string;
  readonly chainId?: number;
  readonly nonce?: string;
  readonly signer?: number;
  readonly expirationTime?: string;
};

/** A signed log-in of wallet `index`, right unless `changes` make it wrong. */
export async function signedLogin(
  app: FastifyInstance,
  index: number,
  { signer = index, ...changes }: LoginChanges = {},
): Promise<{ readonly message: string; readonly signature: string }> {
  const { nonce } = (await app.inject({ method: "POST", url: "/session/nonce" })).json<{ nonce: string }>();
  const message = new SiweMessage({
    ...{ domain: POOL_HOST, uri: `https://${POOL_HOST}`, address: walletOf(index).address, version: "1" },
    ...{ chainId: CHAIN_ID, statement: SESSION_STATEMENT, nonce, ...changes },
  }).prepareMessage();
  return { message, signature: await walletOf(signer).signMessage(message) };
}

export function postSession(app: FastifyInstance, payload: object, host = POOL_HOST): Promise<LightMyRequestResponse> {
  return app.inject({ method: "POST", url: "/session", payload, headers: { host } });
}

/** The authorization header of wallet `index`. */
export async function bearerOf(app: FastifyInstance, index: number): Promise<{ readonly authorization: string }> {
  const answer = await postSession(app, await signedLogin(app, index));
  return { authorization: `Bearer ${answer.json<{ token: string }>().token}` };
}

export const accountOf = (index: number): Address => walletOf(index).address.toLowerCase() as Address;

export type TestSocket = Disposable & {
  readonly heard: readonly { readonly type: string }[];
  /** The code with which the connection was closed. */
  readonly closed: Promise<number>;
  send(message: WorkerMessage | string): void;
};

/** A worker's end of the socket, with all that it has heard; closed and forgotten at the end of the block. */
export async function openSocket(app: FastifyInstance, headers: object): Promise<TestSocket> {
  const { port } = app.server.address() as { port: number };
  const socket = new WebSocket(`ws://127.0.0.1:${port}/worker`, { headers: { ...headers } });
  const heard: { readonly type: string }[] = [];
  socket.on("message", (data: Buffer) => heard.push(JSON.parse(data.toString()) as { type: string }));
  const closed = once(socket, "close").then(([code]) => code as number);
  await once(socket, "open");
  return {
    heard,
    closed,
    send: (message: WorkerMessage | string) => socket.send(typeof message === "string" ? message : toJson(message)),
    [Symbol.dispose]: () => socket.terminate(),
  };
}
