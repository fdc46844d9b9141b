import { freePort } from "../../../cli/parts/free-port.ts";
import { startRedis } from "../../../cli/parts/redis.ts";
import { tempDir } from "../temp-dir.ts";
import { waitFor } from "../wait-for.ts";

/** A Redis that a test kills and starts again on what its disk holds. */
export interface LastingRedis extends AsyncDisposable {
  readonly url: string;
  /** Of the process that runs now. */
  readonly pid: number;
  /** As a power cut would; returns when it is gone. */
  kill(): Promise<void>;
  /** On the same port and files; returns when it answers. */
  start(): Promise<void>;
}

export async function startLastingRedis(): Promise<LastingRedis> {
  const dir = await tempDir();
  const place = { port: await freePort(), dataDir: dir.path };
  let part = await startRedis(place);
  return {
    url: part.url,
    get pid() {
      return part.pid!;
    },
    kill: async () => {
      process.kill(part.pid!, "SIGKILL");
      await waitFor("Redis to be gone", () => !runs(part.pid!), { everyMs: 10 });
    },
    start: async () => void (part = await startRedis(place)),
    [Symbol.asyncDispose]: async () => {
      await part.stop();
      await dir[Symbol.asyncDispose]();
    },
  };
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
