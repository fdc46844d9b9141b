import type { RawData } from "ws";
import { WebSocket } from "ws";

import { codeOf } from "../../protocol/errors.ts";
import { toJson } from "../../protocol/json.ts";
import { MAX_MESSAGE_BYTES, SchedulerMessageSchema } from "../../protocol/messages.ts";
import type { SchedulerMessage, WorkerMessage } from "../../protocol/messages.ts";
import { PoolUnreachableError } from "../errors.ts";
import type { GatewayPeer } from "./gateway.ts";

/** One WebSocket, from its opening to its end. */
export type Connection = {
  send(message: WorkerMessage): void;
  /** Resolves when it has ended, with the reason. */
  readonly ended: Promise<string>;
  close(): void;
};

const OPENING_MS = 10_000;
const WELCOME_MS = 10_000;
const CLOSING_MS = 1_000;
/** What a pool may ask for between two heartbeats. */
const SHORTEST_BEAT_MS = 50;
const LONGEST_BEAT_MS = 60_000;
/** Bytes that may wait to be sent before progress and logs are left out. */
const BACKLOG_BYTES = 4 * MAX_MESSAGE_BYTES;
/** RFC 6455: what was received breaks our rules. */
const POLICY_VIOLATION = 1008;
const GOING_AWAY = 1001;
const BY_POOL = "closed by the pool";

/**
 * Opens a WebSocket and says hello.
 * @param onOpen hears of the connection before the first message does: a pool greets with its very first bytes
 * @throws PoolUnreachableError; `details.status` tells when it was refused
 */
export async function connect(
  url: URL,
  token: string,
  peer: GatewayPeer,
  onOpen: (connection: Connection) => void,
  signal: AbortSignal,
): Promise<Connection> {
  signal.throwIfAborted();
  const socket = new WebSocket(url, {
    headers: { authorization: `Bearer ${token}` },
    handshakeTimeout: OPENING_MS,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  const stop = (): void => socket.terminate();
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await opened(socket, url, peer, onOpen);
  } catch (cause) {
    // Terminating before the opening emits one more error, which nobody else would hear.
    socket.on("error", () => {});
    throw cause instanceof PoolUnreachableError
      ? cause
      : new PoolUnreachableError(`No answer from ${url.host}`, { cause });
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function opened(
  socket: WebSocket,
  url: URL,
  peer: GatewayPeer,
  onOpen: (connection: Connection) => void,
): Promise<Connection> {
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("unexpected-response", (_request, { statusCode }) => {
      socket.terminate();
      reject(refused(url, statusCode));
    });
    socket.once("open", () => {
      const connection = speak(socket, peer);
      onOpen(connection);
      resolve(connection);
    });
  });
}

function refused(url: URL, status: number | undefined): PoolUnreachableError {
  return new PoolUnreachableError(`${url.host} refused the connection with status ${status}`, { details: { status } });
}

/** Says hello over an open socket, and hands over what comes back, as long as it keeps to the schemas. */
function speak(socket: WebSocket, peer: GatewayPeer): Connection {
  const say = (message: WorkerMessage): void => {
    if (socket.readyState !== WebSocket.OPEN) return;
    if (isDispensable(message) && socket.bufferedAmount > BACKLOG_BYTES) return;
    socket.send(toJson(message), () => {});
  };
  let reason = BY_POOL;
  const end = (status: number, why: string): void => {
    reason = why;
    socket.close(status, why);
    // The peer may not answer the closing.
    setTimeout(() => socket.terminate(), CLOSING_MS).unref();
  };
  const pulse = createPulse(socket, () => say(peer.heartbeat()));
  const ended = new Promise<string>((resolve) => {
    socket.once("close", (_status, why) => {
      pulse.stop();
      resolve(reason === BY_POOL && why.length > 0 ? `${reason}: ${why.toString("utf8")}` : reason);
    });
  });
  socket.on("error", (error) => void (reason = error.message));
  socket.on("message", (data, isBinary) => {
    pulse.heard();
    const message = isBinary ? undefined : parse(data);
    const fault = message ? hear(message, peer, pulse) : "a message that does not fit the protocol";
    if (fault !== undefined) end(POLICY_VIOLATION, fault);
  });
  say(peer.hello());
  return { send: say, ended, close: () => end(GOING_AWAY, "closed by the worker") };
}

/** Returns what is wrong with such a message at this time, if anything is. */
function hear(message: SchedulerMessage, peer: GatewayPeer, pulse: Pulse): string | undefined {
  if (message.type === "welcome") {
    pulse.start(Math.min(Math.max(message.heartbeatMs, SHORTEST_BEAT_MS), LONGEST_BEAT_MS));
    return attempt(() => peer.onWelcome(message));
  }
  if (!pulse.started()) return `${message.type} before welcome`;
  return attempt(() => peer.onOrder(message));
}

function attempt(handle: () => void): string | undefined {
  try {
    handle();
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}

function isDispensable({ type }: WorkerMessage): boolean {
  return type === "progress" || type === "log";
}

function parse(data: RawData): SchedulerMessage | undefined {
  try {
    // With the default binary type ws gives one Buffer a message.
    return SchedulerMessageSchema.parse(JSON.parse((data as Buffer).toString("utf8")));
  } catch {
    return undefined;
  }
}

/** Beats while connected, and ends a connection that has gone silent: a dead peer sends no close. */
interface Pulse {
  start(everyMs: number): void;
  started(): boolean;
  heard(): void;
  stop(): void;
}

function createPulse(socket: WebSocket, beat: () => void): Pulse {
  let timer: NodeJS.Timeout | undefined;
  let silentBeats = 0;
  const noWelcome = setTimeout(() => socket.terminate(), WELCOME_MS);
  const tick = (): void => {
    if (silentBeats >= 2) return socket.terminate();
    silentBeats += 1;
    beat();
    socket.ping();
  };
  socket.on("pong", () => void (silentBeats = 0));
  return {
    start: (everyMs) => {
      clearTimeout(noWelcome);
      clearInterval(timer);
      timer = setInterval(tick, everyMs);
    },
    started: () => timer !== undefined,
    heard: () => void (silentBeats = 0),
    stop: () => {
      clearTimeout(noWelcome);
      clearInterval(timer);
    },
  };
}
