import { Socket } from "node:net";
import { once } from "node:events";

import type { LocalState, Running } from "./local-state.ts";
import { isAlive } from "../../chain/node/process-id.ts";

/** A process of the local market, and whether it is well: it runs and its port answers. */
export type Health = Running & { readonly port: number; readonly health: "up" | "silent" | "gone" };

export async function healthOf({ children }: LocalState): Promise<readonly Health[]> {
  return await Promise.all(
    children.map(async (child) => {
      const port = Number(new URL(child.url).port);
      const health = (await isAlive(child)) ? ((await listens(port)) ? "up" : "silent") : "gone";
      return { ...child, port, health } as const;
    }),
  );
}

const CONNECT_MS = 1_000;

async function listens(port: number): Promise<boolean> {
  const socket = new Socket();
  try {
    socket.setTimeout(CONNECT_MS, () => socket.destroy(new Error("no answer")));
    socket.connect(port, "127.0.0.1");
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
