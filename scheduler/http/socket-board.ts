import type { WebSocket } from "ws";

import { MIB } from "../../protocol/constants.ts";
import type { Address } from "../../protocol/primitives.ts";

/** Which workers are connected to this process. */
export type SocketBoard = {
  /** A newer connection of a worker replaces the older one. */
  add(worker: Address, socket: WebSocket): void;
  /** Returns whether the worker is gone, and not only an older connection of it. */
  remove(worker: Address, socket: WebSocket): boolean;
  /** Returns whether the worker is connected here. */
  deliver(worker: Address, text: string): boolean;
};

const CLOSE_REPLACED = 4001;
/** A worker that does not read is cut off once so many bytes wait for it; it is told everything again when it is back. */
const MOST_BUFFERED = 16 * MIB;

export function createSocketBoard(): SocketBoard {
  const sockets = new Map<Address, WebSocket>();
  return {
    add(worker, socket) {
      sockets.get(worker)?.close(CLOSE_REPLACED, "connected again");
      sockets.set(worker, socket);
    },
    remove(worker, socket) {
      return sockets.get(worker) === socket && sockets.delete(worker);
    },
    deliver(worker, text) {
      const socket = sockets.get(worker);
      if (!socket) return false;
      if (socket.bufferedAmount > MOST_BUFFERED) socket.terminate();
      else socket.send(text);
      return true;
    },
  };
}
