import type { FastifyInstance } from "fastify";
import type { WebSocket } from "ws";

import { codeOf, OwnerUnprovenError } from "../../protocol/errors.ts";
import { MAX_MESSAGE_BYTES, PROTOCOL_VERSION, WorkerMessageSchema } from "../../protocol/messages.ts";
import type { WorkerMessage } from "../../protocol/messages.ts";
import { toJson } from "../../protocol/json.ts";
import type { Address } from "../../protocol/primitives.ts";
import type { PoolContext } from "../actions/context.ts";
import type { SocketBoard } from "./socket-board.ts";
import type { Sessions } from "./sessions.ts";
import { hearMessage } from "./hear-message.ts";
import type { Hearing } from "./hear-message.ts";

/** A worker says something at least this often, in milliseconds; it is told so in `welcome`. */
const HEARTBEAT_MS = 3_000;
/** A worker may send this many messages a second on average; a burst of ten seconds' worth is let through. */
const MESSAGES_PER_SECOND = 200;
const BURST = 2_000;
/** At most so many of its messages wait to be handled; each may be a mebibyte. */
const MOST_WAITING = 16;
/** A connection on which nothing is heard for this long is dead, in milliseconds. */
const SILENT_MS = 10 * HEARTBEAT_MS;
/** WebSocket close codes: protocol error, message against the policy, failure on this side. */
const CLOSE_BAD_MESSAGE = 1002;
const CLOSE_NOT_ALLOWED = 1008;
const CLOSE_TRY_AGAIN = 1011;

/** `WS /worker`: one connection a worker. Its messages are handled one after the other, in the order in which it sent them. */
export function addWorkerSocket(
  app: FastifyInstance,
  pool: PoolContext,
  sessions: Sessions,
  hearing: Hearing,
  board: SocketBoard,
): void {
  const callers = new WeakMap<object, Address>();
  app.get(
    "/worker",
    {
      websocket: true,
      schema: { hide: true },
      preValidation: async (request) => {
        callers.set(request.raw, await sessions.addressOf(request.headers.authorization));
      },
    },
    (socket, request) => serveWorker(socket, callers.get(request.raw)!, pool, hearing, board),
  );
}

function serveWorker(
  socket: WebSocket,
  worker: Address,
  pool: PoolContext,
  hearing: Hearing,
  board: SocketBoard,
): void {
  const log = pool.log.child({ worker });
  const bucket = createBucket();
  const listen = inTurn(socket, async (message) => {
    try {
      await hearMessage(pool, worker, message, hearing);
    } catch (error) {
      if (error instanceof OwnerUnprovenError) {
        log.warn({ err: error, code: error.code }, "worker refused");
        return socket.close(CLOSE_NOT_ALLOWED, error.code);
      }
      pool.failed("worker-socket", error);
      log.error({ err: error, code: codeOf(error), said: message.type }, "message could not be handled");
      socket.close(CLOSE_TRY_AGAIN, "try again");
    }
  });
  const silence = setTimeout(() => (listen.busy() ? silence.refresh() : socket.terminate()), SILENT_MS);

  board.add(worker, socket);
  log.info("worker connected");
  socket.on("message", (data: Buffer) => {
    const message = data.length <= MAX_MESSAGE_BYTES ? parseMessage(data.toString("utf8")) : undefined;
    if (!message) return socket.close(CLOSE_BAD_MESSAGE, "not a message of this protocol");
    if (!bucket.take()) return socket.close(CLOSE_NOT_ALLOWED, "too many messages");
    silence.refresh();
    listen.take(message);
  });
  socket.on("error", (error) => log.warn({ err: error }, "connection failed"));
  socket.on("close", () => {
    clearTimeout(silence);
    log.info("worker disconnected");
    if (board.remove(worker, socket))
      void pool.workers.gone(worker).catch((error: unknown) => log.error({ err: error }));
  });
  socket.send(
    toJson({
      type: "welcome",
      protocol: PROTOCOL_VERSION,
      pool: pool.config.pool,
      chainId: hearing.chainId,
      heartbeatMs: HEARTBEAT_MS,
    }),
  );
}

type Listener = {
  take(message: WorkerMessage): void;
  busy(): boolean;
};

/**
 * Hears messages one after the other. Uploads have a line of their own: to verify a large output takes longer than leases
 * live without a heartbeat. Who talks faster than the pool can hear waits at its own end of the connection.
 */
function inTurn(socket: WebSocket, hear: (message: WorkerMessage) => Promise<void>): Listener {
  const lines = { uploads: Promise.resolve(), others: Promise.resolve() };
  let waiting = 0;
  return {
    busy: () => waiting > 0,
    take(message) {
      const line = message.type === "uploaded" ? "uploads" : "others";
      if (++waiting >= MOST_WAITING) socket.pause();
      lines[line] = lines[line]
        .then(() => hear(message))
        .finally(() => {
          if (--waiting < MOST_WAITING) socket.resume();
        });
    },
  };
}

function parseMessage(text: string): WorkerMessage | undefined {
  try {
    return WorkerMessageSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** A token bucket: refilled steadily, emptied by messages. */
function createBucket(): { take(): boolean } {
  let tokens = BURST;
  let at = performance.now();
  return {
    take() {
      const now = performance.now();
      tokens = Math.min(BURST, tokens + ((now - at) / 1_000) * MESSAGES_PER_SECOND) - 1;
      at = now;
      return tokens >= 0;
    },
  };
}
