import { execFile } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect } from "chai";
import { keccak256, toUtf8Bytes } from "ethers";

import { callbackDigest, failDigest, type FailReason } from "../../protocol/digest.ts";
import type { RunOutcome } from "../../worker/executor/executor.ts";
import { LIMITS, withExecutor, type RunReport, type RunRequest } from "../support/executor-fixture.ts";
import { tempDir } from "../support/temp-dir.ts";

const exec = promisify(execFile);

describe("DockerExecutor: outcomes", function () {
  this.timeout(60_000);
  const fixture = withExecutor();
  const run = (script: string, request?: RunRequest): Promise<RunReport> => fixture().run(script, request);

  afterEach("nothing of a run is left", async function () {
    expect(await fixture().leftovers()).to.deep.equal([]);
  });

  describe("given an app that writes files", function () {
    it("has the digest that sha256sum and keccak256 give by hand", async function () {
      await using dir = await tempDir();
      const script = `cp /input/text /output/b && mkdir /output/a && echo two > /output/a/z && : > "/output/a é"`;

      const { outcome, resultPath } = await run(script, { inputs: { text: "one\n" } });

      await exec("tar", ["-xf", resultPath, "-C", dir.path]);
      const lines = ["a é", "a/z", "b"].map(async (path) => {
        const file = join(dir.path, "output", path);
        const { stdout } = await exec("sha256sum", ["--", file]);
        return `${stdout.slice(0, 64)}  ${(await readFile(file)).length}  ${path}\n`;
      });
      const manifest = `${(await Promise.all(lines)).join("")}exit 0\n`;
      expect(outcome).to.include({ kind: "result", exitCode: 0, manifest, digest: keccak256(toUtf8Bytes(manifest)) });
      expect(await readFile(join(dir.path, "manifest"), "utf8")).to.equal(manifest);
      expect(await readFile(join(dir.path, "output/a/z"), "utf8")).to.equal("two\n");
    });

    it("puts them into a tar that says nothing of when, where and by whom", async function () {
      const { resultPath } = await run("echo 1 > /output/b; umask 077; echo 2 > /output/a");

      const { stdout } = await exec("tar", ["-tv", "--full-time", "--utc", "--numeric-owner", "-f", resultPath]);
      const entries = stdout.trim().split("\n");
      expect(entries.map((line) => line.split(" ").at(-1))).to.deep.equal(["manifest", "output/a", "output/b"]);
      for (const entry of entries) expect(entry).to.match(/^-rw-r--r-- 0\/0 +\d+ 1970-01-01 00:00:00 /);
    });

    it("gives the same bytes for every lease", async function () {
      const tellAll =
        "(env; hostname; cat /etc/resolv.conf /etc/hosts /proc/self/cgroup; nproc; ls -n /input) > /output/all";
      const request = { inputs: { text: "one\n" }, env: { A: "1" } };

      const [first, second] = [await run(tellAll, request), await run(tellAll, request)];

      expect(first.outcome.digest).to.equal(second.outcome.digest);
      expect(await readFile(first.resultPath)).to.deep.equal(await readFile(second.resultPath));
      const told = (await readFile(first.resultPath)).toString();
      expect(told).to.include("HOSTNAME=gridmill").and.include("TZ=UTC").and.include("LANG=C.UTF-8").and.include("A=1");
    });
  });

  describe("given a dataset", function () {
    it("shows it at one path beside the inputs, and lets nobody write there", async function () {
      // One stream, which keeps its order: of two, one may come in the middle of the other's line.
      const script =
        "exec 2>&1; cat /dataset/data /input/data > /output/read; echo x > /dataset/data; echo x > /dataset/y; ls /dataset";

      const { outcome, log } = await run(script, { dataset: "1,2\n", inputs: { data: "3,4\n" } });

      const read = createHash("sha256").update("1,2\n3,4\n").digest("hex");
      expect(manifestIn(outcome)).to.equal(`${read}  8  read\nexit 0\n`);
      expect(log.match(/Read-only file system/g)).to.have.length(2);
      expect(log.split("\n")).to.include("data").and.not.to.include("y");
    });
  });

  describe("given a contract that waits for the answer", function () {
    const answer = (script: string): Promise<RunReport> => run(script, { resultKind: "callback" });

    it("has the digest of the file callback, and a blob with that file alone", async function () {
      const { outcome, resultPath } = await answer("head -c 4096 /dev/zero > /output/callback; echo 1 > /output/other");

      expect(outcome).to.include({ kind: "result", digest: callbackDigest(new Uint8Array(4_096)) });
      const { stdout } = await exec("tar", ["-tf", resultPath]);
      expect(stdout.trim().split("\n")).to.deep.equal(["manifest", "output/callback"]);
    });

    it("fails for all alike without an answer that fits", async function () {
      const scripts = {
        callback: [":", ": > /output/callback", "head -c 4097 /dev/zero > /output/callback", "mkdir /output/callback"],
        exit: ["echo 42 > /output/callback; exit 3"],
      };
      for (const reason of ["callback", "exit"] as const) {
        const reports = await Promise.all(scripts[reason].map(answer));
        for (const { outcome, resultPath } of reports) {
          expect(outcome).to.include({ kind: "failed", reason, digest: failDigest(reason) });
          expect(existsSync(resultPath)).to.equal(false);
        }
      }
    });
  });

  describe("given an app that ends with an error", function () {
    it("has a result with its exit code", async function () {
      const { outcome, resultPath } = await run("echo partial > /output/a; exit 3");

      expect(outcome).to.include({ kind: "result", exitCode: 3 });
      expect(manifestIn(outcome)).to.match(/ {2}8 {2}a\nexit 3\n$/);
      expect(existsSync(resultPath)).to.equal(true);
    });

    it("has a result with 127 when its program does not exist", async function () {
      const { outcome } = await run("", { args: ["/no/such/program"] });

      expect(manifestIn(outcome)).to.equal("exit 127\n");
    });

    it("has a result with the signal it gave itself", async function () {
      const { outcome } = await run("kill -TERM $$");

      expect(manifestIn(outcome)).to.equal("exit 143\n");
    });

    it("has a result when it wanted a file larger than allowed", async function () {
      const { outcome } = await run("head -c 3m /dev/zero > /output/a", { limits: { fileMiB: 2 } });

      expect(outcome).to.include({ kind: "result", exitCode: 153 }); // 128 + SIGXFSZ
    });
  });

  it("fails with params when neither the image nor the arguments say what to run", async function () {
    const image = await fixture().anotherImage([]);

    expectFailed((await run("", { image, args: [] })).outcome, "params");
  });

  describe("given an app that reaches a limit", function () {
    it("fails with time when it never ends", async function () {
      const { outcome } = await run("while :; do :; done", { limits: { wallMs: 3_000 } });

      expectFailed(outcome, "time");
      expect(outcome.usage.wallMs).to.be.within(2_900, 12_000);
      expect(outcome.usage.cpuMs).to.be.greaterThan(200);
    });

    it("fails with time when it has used up its CPU time, however long it may still take", async function () {
      const { outcome } = await run("while :; do :; done", { limits: { cpuMs: 500 } });

      expectFailed(outcome, "time");
      expect(outcome.usage.cpuMs).to.be.greaterThan(500);
    });

    it("fails with memory when it is killed for its memory", async function () {
      expectFailed((await run("tail /dev/zero")).outcome, "memory");
    });

    it("has a result when only a child of it was killed for its memory", async function () {
      const { outcome } = await run("tail /dev/zero; echo $? > /output/code");

      expect(outcome).to.include({ kind: "result", exitCode: 0 });
    });

    it("fails with disk when it runs out of room and gives up", async function () {
      const { outcome } = await run("for i in 1 2 3; do head -c 4m /dev/zero > /output/$i || exit 1; done");

      expectFailed(outcome, "disk");
    });

    it("fails with disk when it runs out of files and gives up", async function () {
      const script = "i=0; while : > /output/$i; do i=$((i+1)); done; exit 1";

      expectFailed((await run(script, { limits: { diskMiB: 1 } })).outcome, "disk");
    });

    it("has a result when it runs out of room and copes", async function () {
      const { outcome } = await run("head -c 9m /dev/zero > /output/a; rm /output/a; echo little > /output/b", {
        limits: { fileMiB: 16 },
      });

      expect(outcome).to.include({ kind: "result", exitCode: 0 });
    });

    it("fails with disk when its files are holes larger than the volume", async function () {
      expectFailed((await run("truncate -s 5M /output/a /output/b")).outcome, "disk");
    });

    it("fails with log-size when it prints too much", async function () {
      const { outcome, log } = await run("yes");

      expectFailed(outcome, "log-size");
      expect(log.length).to.equal(LIMITS.logBytes);
    });

    it("has a result when it prints exactly as much as allowed, on both streams", async function () {
      const script = "printf 12345; printf 67890 >&2";

      const { outcome, log } = await run(script, { limits: { logBytes: 10 } });

      expect(outcome.kind).to.equal("result");
      expect([...log].sort().join("")).to.equal("0123456789");
    });

    it("fails with log-size one byte beyond, even when it has ended by then", async function () {
      expectFailed((await run("printf 12345678901", { limits: { logBytes: 10 } })).outcome, "log-size");
    });
  });

  describe("given a folder for output that is no plain one", function () {
    const kinds = {
      "a symbolic link": "ln -s /etc/passwd /output/a",
      "a hard link": "echo x > /output/a; ln /output/a /output/b",
      "a named pipe": "mkfifo /output/a",
    };
    for (const [kind, script] of Object.entries(kinds)) {
      it(`fails with output-kind for ${kind}`, async function () {
        expectFailed((await run(script)).outcome, "output-kind");
      });
    }

    const names = {
      "a line break": `echo x > "$(printf '/output/a\\nb')"`,
      "bytes that are no UTF-8": `echo x > "$(printf '/output/a\\377')"`,
    };
    for (const [name, script] of Object.entries(names)) {
      it(`fails with output-name for ${name} in a name`, async function () {
        const { outcome, resultPath } = await run(script);

        expectFailed(outcome, "output-name");
        expect(existsSync(resultPath)).to.equal(false);
      });
    }
  });

  describe("given soft output volumes", function () {
    it("has the same digest as with hard ones", async function () {
      const executor = fixture().another({ outputVolumes: "soft" });
      const script = "ls -A /output > /output/a; cat /input/b >> /output/a";
      const request = { inputs: { b: "x" } };

      const soft = await run(script, { ...request, executor });
      const hard = await run(script, request);

      expect(soft.outcome).to.include({ kind: "result", exitCode: 0, digest: hard.outcome.digest });
    });

    it("fails with disk when it is seen to have outgrown its volume", async function () {
      const executor = fixture().another({ outputVolumes: "soft" });
      const script = "head -c 6m /dev/zero > /output/a; head -c 6m /dev/zero > /output/b; sleep 1000";

      expectFailed((await run(script, { executor })).outcome, "disk");
    });
  });

  it("runs two leases side by side", async function () {
    const both = [randomUUID(), randomUUID()];
    let running = 0;
    const met = Promise.withResolvers<void>();
    const onStage = (stage: string): void => {
      if (stage === "running" && ++running === 2) met.resolve();
    };
    const stop = new AbortController();
    const runs = both.map((leaseId) => run("sleep 1000", { leaseId, onStage, signal: stop.signal }));

    await met.promise;

    const containers = (await fixture().leftovers()).filter((name) => name.startsWith("container"));
    expect(containers.sort()).to.deep.equal(both.map((id) => `container /gridmill-${id}`).sort());
    stop.abort();
    const ends = await Promise.allSettled(runs);
    expect(ends.map((end) => end.status)).to.deep.equal(["rejected", "rejected"]);
  });

  it("starts a container within three seconds of being asked, when the image is there", async function () {
    await mkdir(fixture().workDir, { recursive: true });
    const asked = performance.now();
    let started = Infinity;
    const onStage = (stage: string): void => {
      if (stage === "running") started = performance.now() - asked;
    };

    await run("true", { onStage, inputs: { a: "1" } });

    expect(started).to.be.lessThan(3_000); // alone it takes less than one; the machine of a test is busy
  });
});

function manifestIn(outcome: RunOutcome): string | undefined {
  return outcome.kind === "result" ? outcome.manifest : undefined;
}

function expectFailed(outcome: RunOutcome, reason: FailReason): void {
  expect(outcome).to.include({ kind: "failed", reason, digest: failDigest(reason) });
}
