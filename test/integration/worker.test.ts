import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { get } from "node:http";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";

import { expect } from "chai";
import { extract } from "tar-stream";

import { jointHashOf, leafOf, tagOf, votesHashOf } from "../../protocol/ballot.ts";
import { unpackResources } from "../../protocol/capabilities.ts";
import { dealIdOf, taskIdOf } from "../../protocol/deal.ts";
import { digestOf, failDigest } from "../../protocol/digest.ts";
import type { Lease } from "../../protocol/lease.ts";
import { signingDomain } from "../../protocol/orders.ts";
import type { Address } from "../../protocol/primitives.ts";
import { soonestTimeout } from "../../protocol/time-limits.ts";
import type { ChainLink } from "../../worker/chain/connect.ts";
import { loadConfig } from "../../worker/config.ts";
import { WrongPoolError } from "../../worker/errors.ts";
import { createDockerExecutor } from "../../worker/executor/docker-executor.ts";
import { startWorker } from "../../worker/start-worker.ts";
import type { Worker } from "../../worker/start-worker.ts";
import { LEASE_LIMITS, withExecutor } from "../support/executor-fixture.ts";
import { tempDir } from "../support/temp-dir.ts";
import { TEST_LABELS } from "../support/test-docker.ts";
import { waitFor } from "../support/wait-for.ts";
import { startWorkerPool } from "../support/worker-pool.ts";
import type { WorkerPool } from "../support/worker-pool.ts";
import { aDeal, FakeChain, POOL, silent } from "../unit/worker/fakes.ts";
import { ballotWanted } from "../unit/worker/voting.ts";

const CHAIN_ID = 31_337;
const NOW_OR_NEVER = AbortSignal.abort();

describe("worker", function () {
  this.timeout(60_000);
  const docker = withExecutor();

  type Given = { readonly pool: WorkerPool; readonly folder: string; readonly chain: FakeChain; readonly env?: object };

  /** The real agent with the real executor; only the chain is ours. */
  async function begin({ pool, folder, chain, env = {} }: Given): Promise<Worker> {
    const config = loadConfig({
      GRIDMILL_RPC_URLS: "http://127.0.0.1:1",
      GRIDMILL_DEPLOYMENT: "none",
      GRIDMILL_KEY: `0x${"07".repeat(32)}`,
      GRIDMILL_POOL_URL: pool.url,
      GRIDMILL_DATA: folder,
      GRIDMILL_SLOTS: "2",
      GRIDMILL_BENCHMARK: "1000",
      ...env,
    });
    const link: ChainLink = {
      chain,
      chainId: CHAIN_ID,
      ballotDomain: signingDomain(BigInt(CHAIN_ID), `0x${"cc".repeat(20)}`),
      isOwner: async () => true,
      voteSender: () => ({ open: async () => {}, [Symbol.asyncDispose]: async () => {} }),
      close: () => {},
    };
    return startWorker(config, silent, {
      linkChain: async () => link,
      openingPollMs: 20,
      createExecutor: (_config, owner, workDir, log) =>
        createDockerExecutor({
          owner,
          workDir,
          engine: docker().engine,
          outputVolumes: "auto",
          labels: TEST_LABELS,
          log,
        }),
    });
  }

  async function world() {
    const stack = new AsyncDisposableStack();
    const dir = stack.use(await tempDir());
    const pool = stack.use(await startWorkerPool({ pool: POOL, chainId: CHAIN_ID }));
    const chain = new FakeChain();
    chain.imageDigest = `0x${docker().image.split("sha256:")[1]!}`;
    const start = async (env: object = {}): Promise<Worker> => {
      const worker = await begin({ pool, folder: dir.path, chain, env });
      stack.defer(() => worker.stop(NOW_OR_NEVER));
      await waitFor("the connection", () => pool.heard.some(({ type }) => type === "hello"));
      return worker;
    };
    return { pool, chain, folder: dir.path, start, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  }

  function leaseOf(script: string, changes: Partial<Lease> = {}, dataset = 0n): Lease {
    const deal = aDeal({ dataset });
    const dealId = dealIdOf(deal);
    return {
      leaseId: randomUUID(),
      taskId: taskIdOf(dealId, 0),
      dealId,
      index: 0,
      deal,
      image: docker().image,
      args: ["sh", "-c", script],
      env: {},
      inputs: [],
      limits: LEASE_LIMITS,
      expiresAt: deal.openedAt + 60,
      ...changes,
    };
  }

  it("brings a lease from its input and dataset to an opened vote and an uploaded result", async function () {
    await using here = await world();
    const { pool, chain } = here;
    const worker = await here.start();
    const script = `echo working; cat $GRIDMILL_INPUT/in.txt $GRIDMILL_DATASET > $GRIDMILL_OUTPUT/$GRIDMILL_TASK_INDEX`;
    const files = { inputs: [{ name: "in.txt", ...pool.add("hello") }], dataset: pool.add(", world") };
    chain.datasetDigest = `0x${files.dataset.sha256}`;
    const lease = leaseOf(script, files, 9n);
    const { taskId, leaseId } = lease;

    pool.say({ type: "lease", lease });
    await pool.hears("accept");
    const { tag } = await pool.hears("computed");
    expect((await pool.hears("log")).text).to.equal("working\n");

    pool.say(ballotWanted(1, [taskId]));
    const { votes } = await pool.hears("ballot");
    const leaves = [leafOf(worker.address as Address, votesHashOf(votes))];
    pool.say({ type: "sealed", pool: POOL, lane: 0, epoch: 1, leaves });
    chain.seal(1, jointHashOf(leaves));
    const { digests } = await pool.hears("open");
    expect(tagOf(taskId, digests[0]!.digest)).to.equal(tag);

    pool.say({ type: "upload?", taskId });
    const { sha256 } = await pool.hears("uploaded");
    const result = await untar(pool.blobs.get(sha256)!);
    expect(digestOf(result.get("manifest")!)).to.equal(digests[0]!.digest);
    expect(result.get("output/0")).to.equal("hello, world");

    chain.closedTasks.add(`${lease.dealId}-0`);
    pool.say({ type: "settled", taskId, digest: digests[0]!.digest, agreed: true });
    await waitFor("the books", async () => (await statusOf(worker)).votes["agreed"] === 1);
    expect(await statusOf(worker)).to.deep.include({ connected: true, pool: `${POOL}`, running: [] });
    expect(await (await fetch(`${worker.url}/metrics`)).text()).to.include(
      'gridmill_worker_runs_total{kind="result"} 1',
    );
    expect(pool.heard.some((said) => said.type === "heartbeat" && said.leases.includes(leaseId))).to.equal(true);
  });

  it("measures its machine once, offers the score, and gives tasks the time that it stands for", async function () {
    await using here = await world();
    const { pool, folder } = here;
    await here.start({ GRIDMILL_BENCHMARK: "" });
    const kept = JSON.parse(await readFile(join(folder, "benchmark.json"), "utf8")) as { readonly score: number };
    expect(unpackResources((await pool.hears("hello")).capabilities).benchmark).to.equal(kept.score);
    const lease = leaseOf("while :; do :; done", { limits: { ...LEASE_LIMITS, seconds: 1 } });

    const began = performance.now();
    pool.say({ type: "lease", lease });
    const { tag } = await pool.hears("computed");

    expect(tag).to.equal(tagOf(lease.taskId, failDigest("time")));
    expect(performance.now() - began).to.be.greaterThan(soonestTimeout(1, kept.score));
  });

  it("goes on with a task while the pool is away, logs in again and tells what it has", async function () {
    await using here = await world();
    const { pool } = here;
    await here.start();
    const lease = leaseOf("sleep 1; echo done > /output/x");
    pool.say({ type: "lease", lease });
    await pool.hears("accept");

    pool.refuse(true);
    pool.forgetSessions();
    pool.cut();
    await waitFor("the loss", () => !pool.connected());
    pool.refuse(false);

    const { leases } = await pool.hears("hello", 1);
    expect(leases).to.deep.equal([lease.leaseId]);
    const { leaseId } = await pool.hears("computed");
    expect(leaseId).to.equal(lease.leaseId);
    expect(pool.counts.logIns).to.equal(2);
  });

  for (const [what, raw] of [
    ["no JSON", "{"],
    ["no message of ours", `{"type":"shutdown"}`],
    ["a message with a field more", `{"type":"upload?","taskId":"0x${"00".repeat(32)}","path":"/etc/passwd"}`],
    ["longer than a message may be", JSON.stringify({ type: "drop", reason: "x".repeat(1024 * 1024) })],
  ] as const) {
    it(`drops a connection that says ${what}, and comes back`, async function () {
      await using here = await world();
      await here.start();

      here.pool.sayRaw(raw);

      await here.pool.hears("hello", 1);
      expect(here.pool.closes[0]).to.be.oneOf([1008, 1009]);
    });
  }

  it("refuses a lease it must not run, in the pool's hearing", async function () {
    await using here = await world();
    await here.start({ GRIDMILL_IMAGES: "elsewhere.test/" });

    here.pool.say({ type: "lease", lease: leaseOf("true") });

    expect(await here.pool.hears("refuse")).to.deep.include({ code: "GM_IMAGE_NOT_ALLOWED" });
  });

  it("stopped in the middle of a task, runs it again after the next start", async function () {
    await using here = await world();
    const { pool } = here;
    const first = await here.start();
    const lease = leaseOf("sleep 30");
    pool.say({ type: "lease", lease });
    await waitFor("the run", async () => (await statusOf(first)).running[0]?.stage === "running");

    await first.stop(NOW_OR_NEVER);
    expect(pool.heard.some(({ type }) => type === "refuse")).to.equal(false);
    const second = await here.start();

    expect((await pool.hears("hello", 1)).leases).to.deep.equal([lease.leaseId]);
    await waitFor("the run", async () => (await statusOf(second)).running[0]?.stage === "running");
    pool.say({ type: "drop", leaseId: lease.leaseId, taskId: lease.taskId, reason: "enough" });
    await waitFor("its end", async () => (await statusOf(second)).running.length === 0);
  });

  it("lets a running task finish when it is asked to stop, and tells the pool", async function () {
    await using here = await world();
    const worker = await here.start();
    here.pool.say({ type: "lease", lease: leaseOf("sleep 1; echo done > /output/x") });
    await here.pool.hears("accept");

    await worker.stop(AbortSignal.timeout(20_000));

    expect(here.pool.heard.map(({ type }) => type)).to.include("computed");
    expect(here.pool.connected()).to.equal(false);
  });

  it("ends when the gateway is that of another pool", async function () {
    await using here = await world();
    const worker = await begin({ ...here, env: { GRIDMILL_POOL: "8" } });

    const ended = await worker.ended.catch((error: unknown) => error);

    expect(ended).to.be.instanceOf(WrongPoolError);
    await worker.stop(NOW_OR_NEVER);
  });

  it("keeps a second worker off its data folder", async function () {
    await using here = await world();
    await here.start();

    const second = await begin(here).catch((error: unknown) => error);

    expect(second).to.have.property("code", "GM_DATA_IN_USE");
  });

  it("shows its page to this machine alone", async function () {
    await using here = await world();
    const worker = await here.start();

    const statusFor = async (host: string): Promise<number | undefined> => {
      const [answer] = (await once(get(worker.url, { path: "/health", headers: { host } }), "response")) as [
        IncomingMessage,
      ];
      answer.resume();
      return answer.statusCode;
    };

    expect(new URL(worker.url).hostname).to.equal("127.0.0.1");
    expect(await statusFor("127.0.0.1")).to.equal(200);
    expect(await statusFor("attacker.test")).to.equal(403);
  });
});

type Status = {
  readonly connected: boolean;
  readonly pool: string;
  readonly votes: Readonly<Record<string, number>>;
  readonly running: readonly { readonly stage: string }[];
};

async function statusOf(worker: Worker): Promise<Status> {
  return (await (await fetch(`${worker.url}/status`)).json()) as Status;
}

async function untar(blob: Buffer): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for await (const entry of Readable.from([blob]).pipe(extract())) files.set(entry.header.name, await text(entry));
  return files;
}
