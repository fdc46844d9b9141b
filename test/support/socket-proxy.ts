import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { Transform } from "node:stream";

import { engineAddress } from "../../cli/parts/docker-engine.ts";

/** A way to a server that can be spoiled, taken away and brought back, without a hand on the server. */
export interface SocketProxy extends AsyncDisposable {
  /** As in DOCKER_HOST. */
  readonly url: string;
  /** Breaks every connection and takes no new ones. */
  close(): Promise<void>;
  /** Lets everybody in again. */
  open(): Promise<void>;
  /** From now on resets every connection (RST), those that there are and every new one. */
  cut(): void;
  /** From now on every piece of data comes so much later. */
  delay(ms: number): void;
  /**
   * From now on nothing passes and nothing ends, on the connections that there are and on new ones, which are taken. After
   * {@link heal} the new ones are as before; those that were half open stay so for ever, as behind a router that forgot them.
   */
  halfOpen(): void;
  /** Pieces of data pass as they come, in whatever is not half open. */
  heal(): void;
  /** How often somebody felt what is wrong with the way: pieces delayed or swallowed, connections reset or not to be had. */
  readonly felt: number;
}

/** How a way is just now. */
type Weather = { delayMs: number; isCut: boolean; isHalfOpen: boolean; felt: number };
/** One connection through the proxy; a dead one is half open. */
type Link = { readonly ends: readonly Socket[]; isDead: boolean };

const FAIR = { delayMs: 0, isCut: false, isHalfOpen: false } as const;

/** @param place and @param target where to listen, and the server: `unix://…` or `tcp://…`, as in DOCKER_HOST */
export async function openProxy(place: string, target: string): Promise<SocketProxy> {
  const links = new Set<Link>();
  const weather: Weather = { ...FAIR, felt: 0 };
  let server: Server | undefined;
  const proxy: SocketProxy = {
    url: place,
    open: async () => {
      server = createServer({ allowHalfOpen: true }, (client) => join(client, target, links, weather));
      server.listen(addressOf(place));
      await once(server, "listening");
    },
    close: async () => {
      const closed = server && once(server, "close");
      server?.close();
      server = undefined;
      for (const { ends } of links) for (const socket of ends) socket.destroy();
      await closed;
    },
    cut: () => {
      weather.isCut = true;
      for (const link of links) if (!link.isDead) reset(link, weather);
    },
    delay: (ms) => void (weather.delayMs = ms),
    halfOpen: () => {
      weather.isHalfOpen = true;
      for (const link of links) link.isDead = true;
    },
    heal: () => void Object.assign(weather, FAIR),
    get felt() {
      return weather.felt;
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

function join(client: Socket, target: string, links: Set<Link>, weather: Weather): void {
  const server = connect({ ...addressOf(target), allowHalfOpen: true });
  const link: Link = { ends: [client, server], isDead: weather.isHalfOpen };
  if (weather.isCut) return reset(link, weather);
  links.add(link);
  let open = link.ends.length;
  for (const [one, other] of [
    [client, server],
    [server, client],
  ] as const) {
    one.pipe(through(link, weather)).pipe(other);
    one.on("error", () => {
      weather.felt++;
      if (!link.isDead) other.destroy();
    });
    one.on("close", () => {
      if (--open === 0) links.delete(link);
      if (!link.isDead) other.destroy();
    });
  }
}

function reset({ ends }: Link, weather: Weather): void {
  weather.felt++;
  for (const socket of ends) socket.on("error", () => {}).resetAndDestroy();
}

/** One direction of a link: pieces come out as they went in, later, or never. */
function through(link: Link, weather: Weather): Transform {
  return new Transform({
    transform: (piece: Buffer, _encoding, done) => {
      const pass = (): void => (link.isDead ? done() : done(null, piece));
      if (link.isDead || weather.delayMs > 0) weather.felt++;
      if (link.isDead || weather.delayMs === 0) return pass();
      setTimeout(pass, weather.delayMs);
    },
    // The end is news too: on a dead link it never arrives.
    flush: (done) => void (link.isDead || done()),
  });
}
