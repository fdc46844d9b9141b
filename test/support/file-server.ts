import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A file behind a URL, as a contract names it in its params. */
export type ServedFile = { readonly sha256: string; readonly bytes: number; readonly url: string };

/** Serves a few texts on a free port of this machine. */
export interface FileServer extends AsyncDisposable {
  serve(text: string): ServedFile;
}

export async function startFileServer(): Promise<FileServer> {
  const files = new Map<string, string>();
  const server = createServer((request, response) => {
    const text = files.get(request.url!.slice(1));
    response.writeHead(text === undefined ? 404 : 200).end(text);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    serve(text) {
      const sha256 = createHash("sha256").update(text).digest("hex");
      files.set(sha256, text);
      return { sha256, bytes: Buffer.byteLength(text), url: `http://127.0.0.1:${port}/${sha256}` };
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
