import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";

import { expect } from "chai";
import { encryptKeystoreJson } from "ethers";

import { toJson } from "../../protocol/json.ts";
import { createReaderChain } from "../../worker/chain/reader-chain.ts";
import { startGrid } from "../support/chain/grid.ts";
import { envFor } from "../support/config.ts";
import { inSuite } from "../support/in-suite.ts";
import { tempDir } from "../support/temp-dir.ts";
import { startWorkerPool } from "../support/worker-pool.ts";
import { waitFor } from "../support/wait-for.ts";
import { aLease } from "../unit/worker/fakes.ts";

const ROOT = join(import.meta.dirname, "../..");
const POOL = 7n;
/** What a worker may take of its owner's memory, in bytes (issue 2). */
const MEMORY_LIMIT = 150_000_000;

/** For readings that need no events. */
const NO_EVENTS = { read: () => Promise.reject(new Error("no events here")) };

describe("worker process", function () {
  this.timeout(60_000);
  const grid = inSuite(startGrid);

  async function world() {
    const stack = new AsyncDisposableStack();
    const dir = stack.use(await tempDir());
    const { deployment, url, provider, wallet } = grid();
    const { chainId } = await provider.getNetwork();
    const pool = stack.use(await startWorkerPool({ pool: POOL, chainId: Number(chainId) }));
    const deploymentFile = join(dir.path, "deployment.json");
    await writeFile(deploymentFile, toJson(deployment));
    const env = {
      GRIDMILL_RPC_URLS: url,
      GRIDMILL_DEPLOYMENT: deploymentFile,
      GRIDMILL_KEY: wallet(5).privateKey,
      GRIDMILL_POOL_URL: pool.url,
      GRIDMILL_DATA: join(dir.path, "data"),
      GRIDMILL_CONFIRMATIONS: "0",
      GRIDMILL_BENCHMARK: "1000",
    };
    const start = (changes: Readonly<Record<string, string | undefined>> = {}, program = "worker/main.ts") => {
      const child = spawn(process.execPath, [program], { cwd: ROOT, env: envFor({ ...env, ...changes }) });
      stack.defer(async () => void (child.exitCode ?? (child.kill("SIGKILL") && (await once(child, "exit")))));
      return child;
    };
    /** The key as most owners have it: encrypted so that opening it takes memory. */
    const keystore = async () => {
      const { address, privateKey } = wallet(5);
      const files = { GRIDMILL_KEY_FILE: join(dir.path, "key.json"), GRIDMILL_PASSPHRASE_FILE: join(dir.path, "word") };
      await writeFile(files.GRIDMILL_KEY_FILE, await encryptKeystoreJson({ address, privateKey }, "word"));
      await writeFile(files.GRIDMILL_PASSPHRASE_FILE, "word\n");
      return { ...files, GRIDMILL_KEY: undefined };
    };
    return { pool, start, keystore, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  }

  for (const program of ["worker/main.ts", "test/support/cheating-worker.ts"]) {
    it(`${program} says ready, works, stays small and stops when asked`, async function () {
      await using here = await world();
      const child = here.start(await here.keystore(), program);
      const { url } = await readyLine(child);
      await here.pool.hears("heartbeat");
      // Refused by the real chain: it knows no such deal.
      here.pool.say({ type: "lease", lease: aLease() });
      expect(await here.pool.hears("refuse")).to.deep.include({ code: "GM_DEAL_NOT_OPEN" });
      for (let index = 0; index < 20; index++) await (await fetch(`${url}/metrics`)).text();
      const rssBytes = async () => ((await (await fetch(`${url}/status`)).json()) as { rssBytes: number }).rssBytes;
      // What was needed for a moment is given back in the seconds after, when V8 comes to it.
      await waitFor("little resident memory", async () => (await rssBytes()) < MEMORY_LIMIT, { timeoutMs: 15_000 });

      child.kill("SIGTERM");
      const [code] = (await once(child, "exit")) as [number];

      expect(code).to.equal(0);
    });
  }

  it("takes over after a kill, lock and all", async function () {
    await using here = await world();
    const first = here.start();
    await readyLine(first);
    await here.pool.hears("hello");
    first.kill("SIGKILL");
    await once(first, "exit");

    await readyLine(here.start());

    await here.pool.hears("hello", 1);
  });

  for (const [what, changes, code] of [
    ["a variable is missing", { GRIDMILL_RPC_URLS: undefined }, "GM_BAD_CONFIG"],
    ["there is no deployment", { GRIDMILL_DEPLOYMENT: "/nowhere.json" }, "GM_BAD_CONFIG"],
    ["the key is none", { GRIDMILL_KEY: "0x12" }, "GM_BAD_KEY"],
    ["the pool is another", { GRIDMILL_POOL: "8" }, "GM_WRONG_POOL"],
    ["the registry knows no such pool", { GRIDMILL_POOL: "8", GRIDMILL_POOL_URL: undefined }, "GM_WRONG_POOL"],
  ] as const) {
    it(`exits 1 with ${code} on stderr when ${what}`, async function () {
      await using here = await world();
      const child = here.start(changes);
      const [said, [exitCode]] = await Promise.all([text(child.stderr), once(child, "exit") as Promise<[number]>]);

      expect(said).to.match(new RegExp(`^${code}: `));
      expect(exitCode).to.equal(1);
    });
  }

  it("reads the chain as deep as it was told", async function () {
    const { reader, mine, provider } = grid();
    await mine(5);
    const head = await provider.getBlockNumber();
    const lane = await createReaderChain(reader, NO_EVENTS, 3).laneOf(POOL, 0);

    expect(lane.head).to.deep.include({ epoch: 0, settled: false, now: (await provider.getBlock(head))!.timestamp });
    expect(lane.confirmed.now).to.equal((await provider.getBlock(head - 3))!.timestamp);
  });

  it("gives up a reading that a reorganisation crosses, again and again", async function () {
    const { reader, mine, reorganise } = grid();
    await mine(5);
    const shaken = createReaderChain(
      {
        ...reader,
        at: (block) => ({
          ...reader.at(block),
          epochOf: async (pool, lane) => {
            await reorganise(3);
            return reader.at(block).epochOf(pool, lane);
          },
        }),
      },
      NO_EVENTS,
      1,
    );

    const read = await shaken.laneOf(POOL, 0).catch((error: unknown) => error);

    expect(read).to.have.property("code", "GM_CHAIN_MOVED");
  });
});

async function readyLine(child: ChildProcess): Promise<{ readonly url: string }> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const said = JSON.parse(line) as { readonly msg: string; readonly url: string };
    if (said.msg === "ready") {
      child.stdout!.resume();
      return said;
    }
  }
  throw new Error(`the worker ended before it was ready: ${await text(child.stderr!)}`);
}
