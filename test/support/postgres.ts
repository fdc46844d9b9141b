import { execFile } from "node:child_process";
import { chown, readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { Client } from "pg";

import { startChild, waitReady } from "../../cli/parts/child.ts";
import { PartMissingError, RUN_SETUP } from "../../cli/parts/errors.ts";
import { assertPortFree, LOOPBACK } from "../../cli/parts/free-port.ts";
import { partOf, type Part } from "../../cli/parts/part.ts";

const run = promisify(execFile);
const DEBIAN_HOME = "/usr/lib/postgresql";

type User = { readonly uid?: number; readonly gid?: number };

/** Starts an empty PostgreSQL that forgets everything at its end: nothing is synced to disk. */
export async function startPostgres({ port, dataDir }: { port: number; dataDir: string }): Promise<Part> {
  await assertPortFree(port, "PostgreSQL");
  const [bin, user] = [await newestBin(), await serverUser()];
  if (user.uid !== undefined && user.gid !== undefined) await chown(dataDir, user.uid, user.gid);
  const cluster = join(dataDir, "cluster");
  await run(
    join(bin, "initdb"),
    ["-D", cluster, "-U", "gridmill", "-A", "trust", "--no-sync", "--no-locale", "-E", "UTF8"],
    {
      cwd: dataDir,
      ...user,
    },
  );
  const child = await startChild({
    name: "PostgreSQL",
    command: join(bin, "postgres"),
    args: ["-D", cluster, "-h", LOOPBACK, "-p", `${port}`, "-k", dataDir, "-F"],
    cwd: dataDir,
    logFile: join(dataDir, "postgres.log"),
    stopSignal: "SIGINT", // its fast shutdown: SIGTERM would wait for every client
    ...user,
  });
  const url = `postgres://gridmill@${LOOPBACK}:${port}/postgres`;
  await waitReady(child, () => accepts(url), 30_000);
  return partOf(child, url);
}

async function newestBin(): Promise<string> {
  const versions = (await readdir(DEBIAN_HOME).catch(() => [])).sort((a, b) => Number(a) - Number(b));
  const newest = versions.at(-1);
  if (newest === undefined) {
    throw new PartMissingError(`PostgreSQL is not installed: no ${DEBIAN_HOME}`, { hint: RUN_SETUP });
  }
  return join(DEBIAN_HOME, newest, "bin");
}

/** PostgreSQL refuses to run as root; Debian's package brings a user for it. */
async function serverUser(): Promise<User> {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = await Promise.all(["-u", "-g"].map((flag) => run("id", [flag, "postgres"])));
  return { uid: Number(uid!.stdout), gid: Number(gid!.stdout) };
}

async function accepts(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
  await client.connect();
  await client.end();
  return true;
}
