import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";
import { PNG } from "pngjs";

import { createEventSource } from "../../chain/event-source.ts";
import type { GridEvent } from "../../chain/events.ts";
import { connectChain } from "../../chain/rpc.ts";
import { takeDown } from "../../cli/local/bring-up.ts";
import { readPlan } from "../../cli/local/local-plan.ts";
import { localPaths } from "../../cli/local/paths.ts";
import type { LocalPaths } from "../../cli/local/paths.ts";
import { MILL } from "../../protocol/amounts.ts";
import { taskIdOf } from "../../protocol/deal.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import { expectBalanced, readBooks } from "../support/books.ts";
import { envFor } from "../support/config.ts";
import { tracesOf } from "../support/e2e-traces.ts";
import { GRIDMILL, REPOSITORY, withLocalMarket } from "../support/local-market.ts";
import { rpc } from "../support/rpc.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

type DemoJson = {
  readonly ok: boolean;
  readonly picture: string;
  readonly tasks: readonly {
    readonly taskId: Hash;
    readonly status: string;
    readonly votes: { readonly agree: number; readonly differ: number };
    readonly workers: readonly Address[];
  }[];
  readonly gas: { readonly match: number; readonly seal: number; readonly settle: number; readonly perTask: number };
  readonly balances: readonly { readonly who: string; readonly before: string; readonly after: string }[];
  readonly seconds: number;
};

/** A quarter of what a newcomer gets, so that twelve renderings take seconds each. */
const SIZE = { width: 320, height: 240 };
const BANDS = 4;
const PRICE = MILL;
/** 1 % of every settled task's price. */
const BURNED = (PRICE * BigInt(BANDS)) / 100n;
/** 30 % of the price on every vote. */
const STAKE = (PRICE * 30n) / 100n;
/** Twelve renderings on a machine that others may use too. */
const DEMO_MS = 600_000;
const UP_MS = 180_000;
const STOP_MS = 20_000;

/** `npm run demo -- ARGS --json`, as the README has it, of a smaller picture. */
async function npmDemo(home: string, ...args: readonly string[]): Promise<DemoJson> {
  const options = { cwd: REPOSITORY, env: envFor({ GRIDMILL_HOME: home }), timeout: DEMO_MS, maxBuffer: 1 << 26 };
  const stdout = await new Promise<string>((resolve, reject) => {
    execFile(
      "npm",
      ["run", "demo", "--", "--size", `${SIZE.width}x${SIZE.height}`, ...args, "--json"],
      options,
      (error, out, err) =>
        error ? reject(new Error(`the demo failed\n${out}\n${err}`, { cause: error })) : resolve(out),
    );
  });
  const lines = stdout.trimEnd().split("\n");
  const values = lines.filter((line) => line.startsWith("{"));
  expect(values, "one JSON value on stdout, in its last line").to.deep.equal([lines.at(-1)]);
  return JSON.parse(values[0]!) as DemoJson;
}

/** What a demo says, whatever the market: shapes, sums and a picture. */
function expectSound(demo: DemoJson): void {
  expect(Object.keys(demo)).to.deep.equal(["ok", "picture", "tasks", "gas", "balances", "seconds"]);
  expect(demo.ok).to.equal(true);
  expect(demo.tasks).to.have.length(BANDS);
  expect(new Set(demo.tasks.map(({ taskId }) => taskId))).to.have.length(BANDS);
  for (const task of demo.tasks) {
    expect(Object.keys(task)).to.deep.equal(["taskId", "status", "votes", "workers"]);
    expect(task.status).to.equal("settled");
    expect(new Set(task.workers)).to.have.length(task.votes.agree);
  }
  const { match, seal, settle, perTask } = demo.gas;
  expect(perTask).to.equal(Math.round((match + seal + settle) / BANDS));
  const { width, height } = PNG.sync.read(readFileSync(demo.picture));
  expect({ width, height }).to.deep.equal(SIZE);
  expect(demo.seconds).to.be.greaterThan(1);
}

/** Ends a demo by force, and all that it has started. */
async function end(demo: ChildProcess, paths: LocalPaths): Promise<void> {
  if (demo.exitCode === null) demo.kill("SIGKILL");
  await takeDown(paths);
}

const changeOf = (demo: DemoJson, who: string): bigint => {
  const { before, after } = demo.balances.find((each) => each.who === who)!;
  return BigInt(after) - BigInt(before);
};
const lostBy = (demo: DemoJson): bigint => -demo.balances.reduce((sum, { who }) => sum + changeOf(demo, who), 0n);

describe("npm run demo", function () {
  this.timeout(DEMO_MS);
  let picture: Buffer | undefined;

  describe("on a market that runs", function () {
    const market = withLocalMarket(["--workers", "3"]);

    async function events(): Promise<readonly GridEvent[]> {
      const { chainUrl, deployment } = market();
      const provider = await connectChain({ rpcUrls: [chainUrl], chainId: deployment.chainId });
      try {
        const source = createEventSource({ provider, deployment });
        return (await source.read(deployment.block, await provider.getBlockNumber())).events;
      } finally {
        provider.destroy();
      }
    }

    /** Gas of the transactions that wrote these events, each counted once. */
    async function gasOf(written: readonly GridEvent[]): Promise<number> {
      const hashes = [...new Set(written.map(({ transactionHash }) => transactionHash))];
      const receipts = await Promise.all(
        hashes.map((hash) => rpc<{ gasUsed: string }>(market().chainUrl, "eth_getTransactionReceipt", [hash])),
      );
      return receipts.reduce((sum, { gasUsed }) => sum + Number(gasUsed), 0);
    }

    it("renders a picture, and its figures are those of receipts and chain", async function () {
      const demo = await npmDemo(market().home);

      expectSound(demo);
      picture = readFileSync(demo.picture);
      const seen = await events();
      const opened = seen.filter((event) => event.kind === "DealOpened");
      const settled = seen.filter((event) => event.kind === "TaskSettled");
      const sealed = seen.filter((event) => event.kind === "Sealed");
      expect(opened).to.have.length(1);
      const ids = settled.map(({ dealId, index }) => taskIdOf(dealId, index));
      expect(demo.tasks.map(({ taskId }) => taskId)).to.have.members(ids);
      const { match, seal, settle } = demo.gas;
      const gas = { match: await gasOf(opened), seal: await gasOf(sealed), settle: await gasOf(settled) };
      expect({ match, seal, settle }).to.deep.equal(gas);

      const workers = ["worker-1", "worker-2", "worker-3"].map((name) => market().accounts[name]);
      for (const task of demo.tasks) {
        expect(task.votes).to.deep.equal({ agree: 3, differ: 0 });
        expect(task.workers).to.have.members(workers);
      }
      const books = await readBooks(market().chainUrl, market().deployment);
      expectBalanced(books);
      for (const { who, after } of demo.balances) {
        const address = market().accounts[who]!;
        const { available, locked } = books.accounts.get(address) ?? { available: 0n, locked: 0n };
        const wallet = who === "requester" ? 100_000n * MILL : 0n;
        expect(BigInt(after), who).to.equal(available + locked + wallet);
      }
      expect(demo.balances.map(({ who }) => who)).to.have.members(Object.keys(market().accounts));
      expect(changeOf(demo, "requester")).to.equal(-PRICE * BigInt(BANDS));
      expect(lostBy(demo), "burned").to.equal(BURNED);
    });
  });

  describe("with a cheater, on a private market", function () {
    it("outvotes it, burns its stakes, and renders the same picture", async function () {
      await using home = await tempDir();

      const demo = await npmDemo(home.path, "--with-cheater");

      expectSound(demo);
      const lies = demo.tasks.reduce((sum, { votes }) => sum + BigInt(votes.differ), 0n);
      expect(lies > 0n, "it voted").to.equal(true);
      expect(changeOf(demo, "cheater")).to.equal(-STAKE * lies);
      expect(lostBy(demo), "burned").to.equal(BURNED + STAKE * lies);
      for (const { votes } of demo.tasks) expect(votes.agree).to.be.at.least(2);
      expect(readFileSync(demo.picture).equals(picture!), "the picture, byte for byte").to.equal(true);
    });
  });

  describe("interrupted in the middle", function () {
    it("stops all that it started within 20 seconds", async function () {
      await using home = await tempDir();
      const demo = spawn(GRIDMILL, ["demo", "--json"], {
        cwd: REPOSITORY,
        env: envFor({ GRIDMILL_HOME: home.path }),
        stdio: ["ignore", "pipe", "pipe"],
      });
      let [said, answer] = ["", ""];
      demo.stdout.on("data", (chunk: Buffer) => (answer += chunk.toString()));
      demo.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
      await waitFor("a worker to compute", () => /worker-\d computes/.test(said), { timeoutMs: UP_MS });
      const [local] = globSync("demo-*/local", { cwd: home.path });
      const paths = localPaths(join(home.path, local!));
      await using rest = new AsyncDisposableStack();
      rest.defer(() => end(demo, paths)); // what a demo that fails this test would leave
      const plan = (await readPlan(paths.plan))!;
      const runs = async (): Promise<boolean> =>
        /process[^]*container/.test((await tracesOf(home.path, plan)).join("\n"));
      await waitFor("processes and containers of it", runs, { timeoutMs: UP_MS });

      demo.kill("SIGINT");
      const [code] = (await once(demo, "exit", { signal: AbortSignal.timeout(STOP_MS) })) as [number | null];

      expect(code).to.equal(130);
      expect(JSON.parse(answer)).to.have.nested.property("error.code", "GM_INTERRUPTED");
      expect(await tracesOf(home.path, plan)).to.deep.equal([]);
      expect(globSync("demo-*", { cwd: home.path })).to.deep.equal([]);
    });
  });
});
