import { setTimeout as sleep } from "node:timers/promises";

import type { WebSocket } from "ws";
import { z } from "zod";

import { MIB } from "../../protocol/constants.ts";
import { toJson } from "../../protocol/json.ts";
import type { FeedMessage } from "../../protocol/market-feed.ts";
import { ORDER_KINDS } from "../../protocol/orders.ts";
import type { Services } from "../services.ts";

import type { ZodServer } from "./zod-server.ts";

const POLL_MS = 250;
const SNAPSHOT_ORDERS = 500;
const SNAPSHOT_DEALS = 50;
/** A client that is so far behind in reading is dropped: it can come back with `since`. */
const MAX_BUFFERED_BYTES = 4 * MIB;
const TRY_AGAIN_LATER = 1013;

const FeedQuery = z.object({
  since: z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .optional(),
});

/** `WS /events`: a snapshot, then every change with its number. */
export function feedRoute(server: ZodServer, services: Services): void {
  const schema = { querystring: FeedQuery, tags: ["events"], summary: "WebSocket: a snapshot, then numbered changes" };
  server.get("/events", { schema, websocket: true }, (socket: WebSocket, request) => {
    const ended = new AbortController();
    socket.on("close", () => ended.abort());
    socket.on("error", (error: Error) => request.log.debug({ err: error }, "feed client failed"));
    serve(socket, services, request.query.since, ended.signal).catch((error: unknown) => {
      request.log.warn({ err: error }, "feed failed");
      socket.close(TRY_AGAIN_LATER, "try again");
    });
  });
}

async function serve(
  socket: WebSocket,
  services: Services,
  since: number | undefined,
  ended: AbortSignal,
): Promise<void> {
  const known = since !== undefined && since <= (await services.feed.newest());
  let sent = known ? since : await sendSnapshot(socket, services);
  while (!ended.aborted) {
    const now = await sendNews(socket, services, sent);
    if (socket.bufferedAmount > MAX_BUFFERED_BYTES) return socket.close(TRY_AGAIN_LATER, "reads too slowly");
    if (now === sent) await sleep(POLL_MS, undefined, { signal: ended }).catch(() => {});
    sent = now;
  }
}

/** Returns the number of the last event that the client has now. */
async function sendNews(socket: WebSocket, services: Services, sent: number): Promise<number> {
  const rows = await services.feed.after(sent);
  if (rows === undefined) return sendSnapshot(socket, services);
  for (const { seq, event } of rows) socket.send(`{"type":"event","seq":${seq},"event":${event}}`);
  return rows.at(-1)?.seq ?? sent;
}

/** The number is read first: what changes while the rest is read comes again as an event. */
async function sendSnapshot(socket: WebSocket, { feed, orders, deals, state }: Services): Promise<number> {
  const seq = await feed.newest();
  const books = await Promise.all(ORDER_KINDS.map((kind) => orders.active(kind, SNAPSHOT_ORDERS)));
  const snapshot: FeedMessage = {
    type: "snapshot",
    seq,
    block: await state.followed(),
    orders: books.flat(),
    deals: (await deals.list({ limit: SNAPSHOT_DEALS })).items,
  };
  socket.send(toJson(snapshot));
  return seq;
}
