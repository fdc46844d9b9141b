import { PortTakenError } from "../../protocol/errors.ts";

/**
 * Lets a server listen.
 * @param what who wants the port, for the message
 * @throws PortTakenError when the port is somebody else's, or not for this user
 */
export async function listening<T>(what: string, port: number, listen: () => Promise<T>): Promise<T> {
  try {
    return await listen();
  } catch (cause) {
    const { code } = cause as { code?: unknown };
    if (code === "EADDRINUSE" || code === "EACCES") throw portTaken(what, port, cause);
    throw cause;
  }
}

function portTaken(what: string, port: number, cause: unknown): PortTakenError {
  return new PortTakenError(`${what} cannot listen on port ${port}: it is in use or not allowed`, {
    cause,
    details: { part: what, port },
    hint: `stop what listens there (ss -ltnp 'sport = :${port}' names it), or choose another port`,
  });
}
