import { setTimeout as sleep } from "node:timers/promises";

import type { Logger } from "pino";

import { PoolUnreachableError, WrongPoolError } from "../errors.ts";
import { createBackoff } from "./backoff.ts";
import type { Backoff } from "./backoff.ts";
import { connect } from "./connection.ts";
import type { Connection } from "./connection.ts";
import type { Gateway, GatewayPeer } from "./gateway.ts";
import type { Sessions } from "./session.ts";

type WebSocketGatewayOptions = {
  /** The pool's gateway, http or https, with a slash at its end. */
  readonly base: URL;
  readonly sessions: Sessions;
  readonly log: Logger;
  /** Milliseconds before the first reconnection; default 250. */
  readonly firstRetryMs?: number;
  /** Longest pause between two attempts; default 15,000 ms. */
  readonly longestRetryMs?: number;
};

const UNAUTHORIZED = 401;

export function createWebSocketGateway(options: WebSocketGatewayOptions): Gateway {
  const { firstRetryMs = 250, longestRetryMs = 15_000, log } = options;
  const backoff = createBackoff({ firstMs: firstRetryMs, longestMs: longestRetryMs });
  let current: Connection | undefined;
  return {
    send: (message) => current?.send(message),
    run: async (peer, signal) => {
      while (!signal.aborted) {
        try {
          const reason = await converse(peer, options, backoff, signal, (connection) => void (current = connection));
          log.warn({ reason }, "connection to the pool lost");
        } catch (error) {
          if (error instanceof WrongPoolError) throw error;
          if (!signal.aborted) log.warn({ err: error }, "the pool cannot be reached");
        } finally {
          current = undefined;
        }
        await sleep(backoff.next(), undefined, { signal }).catch(() => {});
      }
    },
  };
}

/** One connection, from log-in to its end. Returns why it ended. */
async function converse(
  peer: GatewayPeer,
  options: WebSocketGatewayOptions,
  backoff: Backoff,
  signal: AbortSignal,
  onOpen: (connection: Connection) => void,
): Promise<string> {
  let mistake: unknown;
  const onWelcome: GatewayPeer["onWelcome"] = (welcome) => {
    try {
      peer.onWelcome(welcome);
      backoff.reset();
    } catch (error) {
      mistake = error;
      // Ends the connection: what follows is not for us.
      throw error;
    }
  };
  const connection = await openSession(options, { ...peer, onWelcome }, onOpen, signal);
  const close = (): void => connection.close();
  signal.addEventListener("abort", close, { once: true });
  if (signal.aborted) close();
  const reason = await connection.ended;
  signal.removeEventListener("abort", close);
  peer.onLost();
  if (mistake !== undefined) throw mistake as Error;
  return reason;
}

async function openSession(
  { base, sessions }: WebSocketGatewayOptions,
  peer: GatewayPeer,
  onOpen: (connection: Connection) => void,
  signal: AbortSignal,
): Promise<Connection> {
  const url = new URL("worker", base);
  url.protocol = base.protocol === "https:" ? "wss:" : "ws:";
  try {
    return await connect(url, await sessions.token(signal), peer, onOpen, signal);
  } catch (error) {
    // The pool was restarted, or its clock is another: the next attempt logs in anew.
    if (error instanceof PoolUnreachableError && error.details["status"] === UNAUTHORIZED) sessions.forget();
    throw error;
  }
}
