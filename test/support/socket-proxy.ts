import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { Server, Socket } from "node:net";

import { engineAddress } from "../../cli/parts/docker-engine.ts";

/** A way to a server that can be taken away and brought back, without a hand on the server. */
export interface SocketProxy extends AsyncDisposable {
  /** As in DOCKER_HOST. */
  readonly url: string;
  /** Breaks every connection and takes no new ones. */
  close(): Promise<void>;
  /** Lets everybody in again. */
  open(): Promise<void>;
}

/** @param place and @param target where to listen, and the server: `unix://…` or `tcp://…`, as in DOCKER_HOST */
export async function openProxy(place: string, target: string): Promise<SocketProxy> {
  const open = new Set<Socket>();
  let server: Server | undefined;
  const proxy: SocketProxy = {
    url: place,
    open: async () => {
      server = createServer({ allowHalfOpen: true }, (client) => join(client, target, open)).listen(addressOf(place));
      await once(server, "listening");
    },
    close: async () => {
      const closed = server && once(server, "close");
      server?.close();
      server = undefined;
      for (const socket of open) socket.destroy();
      await closed;
    },
    [Symbol.asyncDispose]: () => proxy.close(),
  };
  await proxy.open();
  return proxy;
}

function addressOf(url: string): { path: string } | { port: number; host: string } {
  const { socketPath, port, host } = engineAddress(url);
  return socketPath ? { path: socketPath } : { port: Number(port), host: host! };
}

function join(client: Socket, target: string, open: Set<Socket>): void {
  const server = connect({ ...addressOf(target), allowHalfOpen: true });
  for (const [one, other] of [
    [client, server],
    [server, client],
  ] as const) {
    open.add(one);
    one.pipe(other);
    one.on("error", () => other.destroy());
    one.on("close", () => {
      open.delete(one);
      other.destroy();
    });
  }
}
