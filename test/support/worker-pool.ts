import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer, text } from "node:stream/consumers";

import { generateNonce, SiweMessage } from "siwe";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";

import { toJson } from "../../protocol/json.ts";
import { WorkerMessageSchema } from "../../protocol/messages.ts";
import type { MessageOf, SchedulerMessage, WorkerMessage } from "../../protocol/messages.ts";
import { SESSION_STATEMENT } from "../../protocol/siwe.ts";

import { waitFor } from "./wait-for.ts";

export type WorkerPoolOptions = { readonly pool: bigint; readonly chainId: number };

type Heard<T extends WorkerMessage["type"]> = MessageOf<WorkerMessage, T>;

/** A pool's gateway as a worker meets it, that does nothing by itself. */
export interface WorkerPool extends AsyncDisposable {
  readonly url: string;
  /** Everything that workers said, over all connections. */
  readonly heard: readonly WorkerMessage[];
  /** By their sha256. */
  readonly blobs: Map<string, Buffer>;
  /** How often somebody logged in, and connected. */
  readonly counts: { logIns: number; connections: number };
  /** Status of the last close that a worker sent. */
  readonly closes: readonly number[];
  add(bytes: string): { sha256: string; bytes: number };
  say(message: SchedulerMessage): void;
  /** Sends text that need not be a message. */
  sayRaw(text: string): void;
  /** Waits for the first message of a type after the first `skip` of them. */
  hears<T extends WorkerMessage["type"]>(type: T, skip?: number, timeoutMs?: number): Promise<Heard<T>>;
  connected(): boolean;
  /** Ends the connection as a lost network would. */
  cut(): void;
  /** Takes no session's token any more. */
  forgetSessions(): void;
  /** Answers upgrades with 503, or no longer. */
  refuse(isOn: boolean): void;
}

type State = {
  readonly tokens: Set<string>;
  readonly nonces: Set<string>;
  readonly heard: WorkerMessage[];
  readonly blobs: Map<string, Buffer>;
  readonly counts: { logIns: number; connections: number };
  readonly closes: number[];
  socket: WebSocket | undefined;
  refusing: boolean;
};

export async function startWorkerPool(options: WorkerPoolOptions): Promise<WorkerPool> {
  const state: State = {
    tokens: new Set(),
    nonces: new Set(),
    heard: [],
    blobs: new Map(),
    counts: { logIns: 0, connections: 0 },
    closes: [],
    socket: undefined,
    refusing: false,
  };
  const server = createServer((request, response) => {
    answer(request, response, state).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  serveSockets(server, state, options);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const sayRaw = (raw: string): void => state.socket!.send(raw);
  return {
    ...state,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sayRaw,
    say: (message) => sayRaw(toJson(message)),
    add: (content) => {
      const sha256 = createHash("sha256").update(content).digest("hex");
      state.blobs.set(sha256, Buffer.from(content));
      return { sha256, bytes: content.length };
    },
    hears: (type, skip = 0, timeoutMs = 20_000) =>
      waitFor(`${type} from the worker`, () => state.heard.filter((said) => said.type === type)[skip] as never, {
        timeoutMs,
        everyMs: 5,
      }),
    connected: () => state.socket !== undefined,
    cut: () => state.socket?.terminate(),
    forgetSessions: () => state.tokens.clear(),
    refuse: (isOn) => void (state.refusing = isOn),
    [Symbol.asyncDispose]: async () => {
      state.socket?.terminate();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, state: State): Promise<void> {
  const json = (value: unknown): void => void response.writeHead(200).end(JSON.stringify(value));
  const { url = "", method } = request;
  if (url === "/session/nonce") {
    const nonce = generateNonce();
    state.nonces.add(nonce);
    return json({ nonce });
  }
  if (url === "/session") return json(await openSession(await text(request), request.headers.host!, state));
  if (!isLoggedIn(request, state)) return void response.writeHead(401).end();
  const sha256 = url.slice("/blobs/".length);
  if (method === "PUT") {
    state.blobs.set(sha256, await buffer(request));
    return json({ sha256 });
  }
  const blob = state.blobs.get(sha256);
  if (!blob) return void response.writeHead(404).end();
  response.writeHead(200, { "content-length": blob.length }).end(blob);
}

async function openSession(body: string, host: string, state: State) {
  const { message, signature } = JSON.parse(body) as { message: string; signature: string };
  const siwe = new SiweMessage(message);
  if (siwe.statement !== SESSION_STATEMENT || !state.nonces.delete(siwe.nonce)) throw new Error("not for this pool");
  await siwe.verify({ signature, domain: host, nonce: siwe.nonce });
  const token = randomUUID();
  state.tokens.add(token);
  state.counts.logIns += 1;
  return { token, address: siwe.address, expiresAt: Math.floor(Date.now() / 1_000) + 3_600 };
}

function isLoggedIn(request: IncomingMessage, { tokens }: State): boolean {
  return tokens.has((request.headers.authorization ?? "").replace(/^Bearer /, ""));
}

function serveSockets(server: Server, state: State, { pool, chainId }: WorkerPoolOptions): void {
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, stream, head) => {
    const status = state.refusing ? "503 Service Unavailable" : isLoggedIn(request, state) ? "" : "401 Unauthorized";
    if (status) return void stream.end(`HTTP/1.1 ${status}\r\nconnection: close\r\n\r\n`);
    sockets.handleUpgrade(request, stream, head, (socket) => {
      state.socket = socket;
      state.counts.connections += 1;
      socket.on("message", (data: Buffer) => state.heard.push(WorkerMessageSchema.parse(JSON.parse(data.toString()))));
      socket.on("close", (code) => {
        state.closes.push(code);
        if (state.socket === socket) state.socket = undefined;
      });
      socket.send(toJson({ type: "welcome", protocol: 1, pool, chainId, heartbeatMs: 100 }));
    });
  });
}
