import { once } from "node:events";
import { createServer } from "node:net";

import { listening } from "../../chain/node/listening.ts";

export const LOOPBACK = "127.0.0.1";

/** A port on loopback that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  return await bindOnce(0);
}

/**
 * Refuses before a server is started that would answer for somebody else's.
 * @throws PortTakenError
 */
export async function assertPortFree(port: number, part: string): Promise<void> {
  await listening(part, port, () => bindOnce(port));
}

async function bindOnce(port: number): Promise<number> {
  const server = createServer();
  server.listen({ port, host: LOOPBACK, exclusive: true });
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  return address.port;
}
