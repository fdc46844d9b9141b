import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { paramsHashOf } from "../../protocol/params.ts";

/** Stands for the market, of which a pool asks nothing but params. @param text the only ones that it has; default: none */
export async function serveParams(text?: string): Promise<AsyncDisposable & { readonly url: string }> {
  const path = text === undefined ? undefined : `/params/${paramsHashOf(text)}`;
  const server = createServer(({ url }, response) => {
    if (url === path) response.writeHead(200).end(text);
    else response.writeHead(404).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
