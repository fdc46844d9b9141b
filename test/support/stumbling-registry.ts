import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/** A registry in front of another one, that answers 500 for a manifest as often as it is told to. */
export interface StumblingRegistry extends AsyncDisposable {
  /** `127.0.0.1:port`, as image names begin. */
  readonly host: string;
  /** The next so many requests for manifests fail. */
  stumble(times: number): void;
  /** How many of them are still to come. */
  stumbles(): number;
}

export async function startStumblingRegistry(real: string): Promise<StumblingRegistry> {
  let left = 0;
  const server = createServer((asked, answer) => {
    if (left > 0 && asked.url!.includes("/manifests/")) {
      left -= 1;
      asked.resume();
      answer.writeHead(500).end();
      return;
    }
    const { method, headers, url } = asked;
    const passed = request(new URL(url!, real), { method: method!, headers }, (given) => {
      answer.writeHead(given.statusCode!, given.headers);
      given.pipe(answer);
    });
    asked.pipe(passed);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    stumble: (times) => void (left = times),
    stumbles: () => left,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
