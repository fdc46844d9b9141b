import { once } from "node:events";
import { createServer } from "node:net";

import { PortTakenError } from "./errors.ts";

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
  try {
    await bindOnce(port);
  } catch (error) {
    throw new PortTakenError(`${part} cannot listen on port ${port}: it is in use or not allowed`, {
      cause: error,
      details: { part, port },
      hint: `stop what listens there (ss -ltnp 'sport = :${port}' names it), or choose another port`,
    });
  }
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
