import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { expect } from "chai";

import { toJson } from "../../protocol/json.ts";
import { startGrid } from "../support/chain/grid.ts";
import type { TestGrid } from "../support/chain/grid.ts";
import { envFor } from "../support/config.ts";
import { testPostgres, testRedis } from "../support/parts.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";
import { startWorkerPool } from "../support/worker-pool.ts";

const ROOT = join(import.meta.dirname, "../..");
/** Ten seconds, and what a process needs to end on a busy machine. */
const END_MS = 13_000;

/** A service as a process of its own. */
type Service = { readonly child: ChildProcess; readonly url: string };

async function startService(program: string, env: Readonly<Record<string, string>>): Promise<Service> {
  const child = spawn(process.execPath, [program], {
    cwd: ROOT,
    env: envFor(env),
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`${program} ended with ${code}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const { msg, url } = JSON.parse(line) as { msg: string; url: string };
      if (msg === "ready") resolve(url);
    });
  });
  return { child, url };
}

/** Asks a service to end. Its exit code, and after how long. */
async function end({ child }: Service): Promise<{ readonly code: number | null; readonly ms: number }> {
  const began = performance.now();
  const exited = once(child, "exit") as Promise<[number | null]>;
  child.kill("SIGTERM");
  const [code] = await exited;
  return { code, ms: performance.now() - began };
}

async function statusOf({ url }: Service, path: string): Promise<number> {
  const answer = await fetch(`${url}${path}`);
  await answer.body?.cancel();
  return answer.status;
}

const statusesOf = (services: readonly Service[], path: string): Promise<readonly number[]> =>
  Promise.all(services.map((service) => statusOf(service, path)));

const freeze = (part: { readonly pid: number | undefined }): boolean => process.kill(part.pid!, "SIGSTOP");
const thaw = (part: { readonly pid: number | undefined }): boolean => process.kill(part.pid!, "SIGCONT");

describe("services that are told to stop", function () {
  this.timeout(90_000);

  /** Market, scheduler and worker, each with its own store, on one chain. */
  async function world(stack: AsyncDisposableStack, grid: TestGrid) {
    const dir = stack.use(await tempDir());
    const [redis, postgres] = await Promise.all([testRedis(), testPostgres()]);
    stack.use(redis);
    stack.use(postgres);
    const pool = stack.use(await startWorkerPool({ pool: 1n, chainId: grid.deployment.chainId }));
    const sender = stack.use(grid.sender(1));
    await sender.send("pool", grid.calls.registerPool(sender.address, pool.url));
    const deployment = join(dir.path, "deployment.json");
    await writeFile(deployment, toJson(grid.deployment));
    const common = {
      GRIDMILL_RPC_URLS: grid.url,
      GRIDMILL_DEPLOYMENT: deployment,
      GRIDMILL_CONFIRMATIONS: "0",
      GRIDMILL_PORT: "0",
      GRIDMILL_POOL: "1",
      GRIDMILL_MARKET_URL: "http://127.0.0.1:1",
    };
    const scheduler = {
      ...common,
      REDIS_URL: redis.url,
      GRIDMILL_DATA: join(dir.path, "pool"),
      GRIDMILL_KEY: grid.wallet(1).privateKey,
    };
    const services = await Promise.all([
      startService("market/main.ts", { ...common, DATABASE_URL: postgres.url }),
      startService("scheduler/main.ts", scheduler),
      startService("worker/main.ts", {
        ...common,
        GRIDMILL_POOL_URL: pool.url,
        GRIDMILL_DATA: join(dir.path, "worker"),
        GRIDMILL_KEY: grid.wallet(2).privateKey,
        GRIDMILL_DRAIN_SECONDS: "1",
      }),
    ]);
    for (const { child } of services) stack.defer(() => void (child.exitCode ?? child.kill("SIGKILL")));
    return { redis, postgres, pool, services, scheduler };
  }

  it("say that they live but are not ready once their surroundings are gone for good, and end within ten seconds of SIGTERM", async function () {
    await using stack = new AsyncDisposableStack();
    const grid = stack.use(await startGrid());
    const { redis, postgres, pool, services, scheduler } = await world(stack, grid);
    await waitFor("all to be ready", async () => (await statusesOf(services, "/ready")).every((it) => it === 200));

    const other = await startService("scheduler/main.ts", {
      ...scheduler,
      GRIDMILL_DATA: `${scheduler.GRIDMILL_DATA}-2`,
    });
    expect((await end(other)).code, "another process of the pool, while all is there").to.equal(0);

    await redis.stop();
    freeze(postgres);
    stack.defer(() => void thaw(postgres));
    freeze(grid);
    stack.defer(() => void thaw(grid));
    await pool[Symbol.asyncDispose]();

    await waitFor("none to be ready", async () => (await statusesOf(services, "/ready")).every((it) => it === 503), {
      timeoutMs: 15_000,
    });
    expect(await statusesOf(services, "/health")).to.deep.equal([200, 200, 200]);
    const ended = await Promise.all(services.map(end));
    for (const { ms } of ended) expect(ms).to.be.below(END_MS);
    expect(ended.map(({ code }) => code)).to.deep.equal([1, 1, 0]);
  });
});
