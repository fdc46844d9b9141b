import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";

import { startChild, waitReady } from "./child.ts";
import { assertPortFree, LOOPBACK } from "./free-port.ts";
import { partOf, type Part } from "./part.ts";

type RedisOptions = {
  readonly port: number;
  /** The append-only file and the log lie here; a later start finds the data again. */
  readonly dataDir: string;
};

/**
 * Starts a Redis of our own that keeps every write.
 * @throws PortTakenError | PartMissingError | PartFailedError
 */
export async function startRedis({ port, dataDir }: RedisOptions): Promise<Part> {
  await assertPortFree(port, "Redis");
  await mkdir(dataDir, { recursive: true });
  const child = await startChild({
    name: "Redis",
    command: "redis-server",
    args: ["--port", `${port}`, "--bind", LOOPBACK, "--dir", dataDir, "--appendonly", "yes", "--save", ""],
    logFile: join(dataDir, "redis.log"),
  });
  await waitReady(child, () => answersPing(port), 15_000);
  return partOf(child, `redis://${LOOPBACK}:${port}`);
}

/** While Redis still loads its file it answers `-LOADING`, which is not yet. */
async function answersPing(port: number): Promise<boolean> {
  const socket = connect(port, LOOPBACK);
  try {
    socket.setTimeout(1_000, () => socket.destroy(new Error("no answer")));
    socket.write("PING\r\n");
    const [reply] = (await once(socket, "data")) as [Buffer];
    return reply.toString().startsWith("+PONG");
  } finally {
    socket.destroy();
  }
}
