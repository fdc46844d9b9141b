import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { Server, Socket } from "node:net";

import { engineAddress } from "../../cli/parts/docker-engine.ts";

/** A container engine that can be taken away and brought back, without a hand on the real one. */
export interface EngineProxy extends AsyncDisposable {
  /** For DOCKER_HOST. */
  readonly url: string;
  /** Breaks every connection and takes no new ones. */
  close(): Promise<void>;
  /** Lets everybody in again. */
  open(): Promise<void>;
}

/** @param path of the Unix socket to listen on; @param host the real engine, as in DOCKER_HOST */
export async function proxyEngine(path: string, host: string): Promise<EngineProxy> {
  const open = new Set<Socket>();
  let server: Server | undefined;
  const proxy: EngineProxy = {
    url: `unix://${path}`,
    open: async () => {
      server = createServer({ allowHalfOpen: true }, (client) => join(client, host, open)).listen(path);
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

function join(client: Socket, host: string, open: Set<Socket>): void {
  const { socketPath, port, host: hostname } = engineAddress(host);
  const place = socketPath ? { path: socketPath } : { port: Number(port), host: hostname! };
  const engine = connect({ ...place, allowHalfOpen: true });
  for (const [one, other] of [
    [client, engine],
    [engine, client],
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
