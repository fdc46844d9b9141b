import { execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer, request, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect } from "chai";

import { codeOf } from "../../protocol/errors.ts";
import { LIMITS, withExecutor, type RunReport, type RunRequest } from "../support/executor-fixture.ts";
import { tempDir } from "../support/temp-dir.ts";
import { TEST_LABELS } from "../support/test-docker.ts";
import { waitFor } from "../support/wait-for.ts";

const exec = promisify(execFile);
const NO_DIGEST = `sha256:${"0".repeat(64)}`;

describe("DockerExecutor: failures of the machine", function () {
  this.timeout(60_000);
  const fixture = withExecutor();
  const run = (script: string, request?: RunRequest): Promise<RunReport> => fixture().run(script, request);

  afterEach("nothing of a run is left", async function () {
    expect(await fixture().leftovers()).to.deep.equal([]);
  });

  describe("given an image that is not to be had", function () {
    it("says that the registry does not have it", async function () {
      const [name] = fixture().image.split("@");

      await expectCode(run("true", { image: `${name}@${NO_DIGEST}` }), "GM_IMAGE_NOT_FOUND");
    });

    it("says that the registry does not know its name", async function () {
      const host = new URL(fixture().registryUrl).host;
      const prefetched = fixture().executor.prefetch(`${host}/no/such@${NO_DIGEST}`, new AbortController().signal);

      await expectCode(prefetched, "GM_IMAGE_NOT_FOUND");
    });

    it("says that the registry does not answer", async function () {
      await expectCode(run("true", { image: `127.0.0.1:1/some/app@${NO_DIGEST}` }), "GM_REGISTRY_UNREACHABLE");
    });

    it("takes no other bytes for it", async function () {
      await using registry = await lyingRegistry(fixture().registryUrl, fixture().image.split("@")[1]!);
      const [name] = fixture().image.split("@");
      const path = name!.slice(name!.indexOf("/"));

      await expectCode(run("true", { image: `${registry.host}${path}@${NO_DIGEST}` }), "GM_IMAGE_DIGEST");
    });
  });

  it("fetches an image that is not there, and says how far it is", async function () {
    const image = await fixture().anotherImage([`CMD ["sh"]`, "ENV FETCHED=1"]);
    await fixture().docker.getImage(image).remove({ force: true });

    await fixture().executor.prefetch(image, new AbortController().signal);

    expect((await run("echo $FETCHED", { image })).log).to.equal("1\n");
  });

  it("says that the engine does not answer", async function () {
    await using dir = await tempDir();
    const executor = fixture().another({ engine: { socketPath: join(dir.path, "no.sock") } });

    await expectCode(run("true", { executor }), "GM_ENGINE_UNREACHABLE");
    await expectCode(executor.sweep(), "GM_ENGINE_UNREACHABLE");
  });

  it("says that the disk is full, and votes nothing", async function () {
    await using dir = await tempDir();
    await exec("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", dir.path]);
    try {
      const executor = fixture().another({ workDir: dir.path, outputVolumes: "hard" });

      await expectCode(run("true", { executor }), "GM_DISK_FULL");
    } finally {
      await exec("umount", [dir.path]);
    }
  });

  it("runs a lease once at a time", async function () {
    const leaseId = randomUUID();
    const stop = new AbortController();
    const first = run("sleep 1000", { leaseId, signal: stop.signal });

    await expectCode(run("true", { leaseId }), "GM_TASK_RUNNING");

    stop.abort();
    await expectCode(first, "GM_ABORTED");
    expect((await run("true", { leaseId })).outcome.kind).to.equal("result");
  });

  describe("given an abort", function () {
    for (const stage of ["fetching", "running", "collecting"]) {
      it(`leaves nothing and has no result when it comes while ${stage}`, async function () {
        const stop = new AbortController();
        const onStage = (now: string): void => void (now === stage && stop.abort());
        const script = stage === "running" ? "sleep 1000" : "true";
        const resultPath = join(fixture().workDir, `aborted-${stage}.tar`);

        await expectCode(run(script, { onStage, signal: stop.signal, resultPath }), "GM_ABORTED");

        expect(await fixture().leftovers()).to.deep.equal([]);
        expect(existsSync(resultPath)).to.equal(false);
      });
    }

    it("does nothing when it came before", async function () {
      await expectCode(run("true", { signal: AbortSignal.abort() }), "GM_ABORTED");
    });
  });

  describe("given a container that is killed from outside", function () {
    const actions = {
      "by force": (id: string) => fixture().docker.getContainer(id).kill(),
      "by an orderly stop": (id: string) => fixture().docker.getContainer(id).stop(),
    };
    for (const [how, kill] of Object.entries(actions)) {
      it(`votes no exit code (${how})`, async function () {
        const leaseId = randomUUID();
        const running = Promise.withResolvers<void>();
        const onStage = (stage: string): void => void (stage === "running" && running.resolve());
        const interrupted = run("exec sleep 1000", { leaseId, onStage });
        await Promise.race([running.promise, interrupted]);

        await kill(`gridmill-${leaseId}`);

        await expectCode(interrupted, "GM_RUN_INTERRUPTED");
      });
    }

    it("votes no kill whose author cannot be told", async function () {
      await expectCode(run("kill -9 $$"), "GM_RUN_INTERRUPTED");
    });
  });

  describe("sweep", function () {
    it("removes what a killed process of this owner left behind, once", async function () {
      const { owner, workDir, engine, executor, image } = fixture();
      const leaseId = randomUUID();
      const options = { owner, workDir, engine, outputVolumes: "auto", labels: TEST_LABELS };
      const args = ["sleep", "1000"];
      const spec = {
        leaseId,
        image,
        args,
        env: {},
        inputs: [],
        limits: LIMITS,
        resultPath: join(workDir, "killed.tar"),
      };
      const script = join(import.meta.dirname, "../support/executor-child.ts");
      const child = spawn(process.execPath, [script, JSON.stringify({ options, spec })], { stdio: "inherit" });
      const exited = once(child, "exit");
      await waitFor("the run to be under way", () => isRunning(`gridmill-${leaseId}`), { timeoutMs: 30_000 });
      child.kill("SIGKILL");
      await exited;
      const left = await fixture().leftovers();
      for (const kind of ["container", "volume", "folder"]) expect(left.join()).to.include(kind);

      const removed = await executor.sweep();

      expect(removed).to.equal(left.length);
      expect(await executor.sweep()).to.equal(0);
    });

    it("leaves alone what still runs, and what others own", async function () {
      const stop = new AbortController();
      const running = Promise.withResolvers<void>();
      const onStage = (stage: string): void => void (stage === "running" && running.resolve());
      const going = run("sleep 1000", { onStage, signal: stop.signal });
      await Promise.race([running.promise, going]);
      await using dir = await tempDir();
      const stranger = fixture().another({ owner: `stranger-${randomUUID()}`, workDir: dir.path });

      expect(await fixture().executor.sweep()).to.equal(0);
      expect(await stranger.sweep()).to.equal(0);

      expect(await fixture().leftovers()).not.to.deep.equal([]);
      stop.abort();
      await expectCode(going, "GM_ABORTED");
    });
  });

  async function isRunning(name: string): Promise<boolean> {
    const { State } = await fixture().docker.getContainer(name).inspect();
    return State.Running;
  }
});

async function expectCode(call: Promise<unknown>, code: string): Promise<void> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error, "it should have failed").not.to.equal(undefined);
  expect(codeOf(error), String((error as Error).stack)).to.equal(code);
}

/** A registry that answers for {@link NO_DIGEST} what another one has for `digest`. */
async function lyingRegistry(url: string, digest: string): Promise<AsyncDisposable & { readonly host: string }> {
  const server = createServer((asked, answer) => {
    const target = new URL(asked.url!.replace(NO_DIGEST, digest), url);
    const passed = request(target, { method: asked.method, headers: { accept: asked.headers.accept ?? "*/*" } });
    passed.on("response", (given: IncomingMessage) => {
      const headers = {
        ...given.headers,
        ...(asked.url!.includes(NO_DIGEST) && { "docker-content-digest": NO_DIGEST }),
      };
      answer.writeHead(given.statusCode!, headers);
      given.pipe(answer);
    });
    passed.end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, [Symbol.asyncDispose]: stop };
}
