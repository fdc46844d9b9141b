import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";

import { expect } from "chai";
import type Docker from "dockerode";
import type { ContainerCreateOptions } from "dockerode";

import { withExecutor, type RunReport, type RunRequest } from "../support/executor-fixture.ts";
import { TEST_LABELS } from "../support/test-docker.ts";

/** An attack must first succeed where one limit is lifted, or its failure would mean nothing. */
type Lift = (spec: ContainerCreateOptions) => void;

describe("DockerExecutor: isolation", function () {
  this.timeout(60_000);
  const fixture = withExecutor();
  const run = (script: string, request?: RunRequest): Promise<RunReport> => fixture().run(script, request);
  const succeedsWith = async (lift: Lift, script: string): Promise<void> => {
    const { exitCode, log } = await fixture().control(script, lift);
    expect(exitCode, `without the limit: ${log}`).to.equal(0);
  };
  const fails = async (script: string, words: RegExp, request?: RunRequest): Promise<void> => {
    const { outcome, log } = await run(script, request);
    expect(outcome.kind).to.equal("result");
    expect(outcome, log).to.have.property("exitCode").that.is.greaterThan(0);
    expect(log).to.match(words);
  };

  afterEach("nothing of a run is left", async function () {
    expect(await fixture().leftovers()).to.deep.equal([]);
  });

  it("reaches no network", async function () {
    await using bridge = await testBridge(fixture().docker);
    const server = createServer((socket) => socket.end("reached\n")).listen(0, bridge.gateway);
    try {
      await once(server, "listening");
      let calls = 0;
      server.on("connection", () => (calls += 1));
      const script = `nc -w 2 ${bridge.gateway} ${(server.address() as AddressInfo).port} | grep reached`;
      await succeedsWith((spec) => (spec.HostConfig!.NetworkMode = bridge.name), script);
      expect(calls).to.equal(1);

      const { outcome } = await run(script);

      expect(outcome).to.include({ kind: "result", exitCode: 1 });
      expect(calls).to.equal(1);
    } finally {
      server.close();
      await once(server, "close");
    }
  });

  it("writes nowhere in its root", async function () {
    const script = "echo x > /scratch/file";
    await succeedsWith((spec) => (spec.HostConfig!.ReadonlyRootfs = false), script);

    await fails(script, /Read-only file system/);
  });

  it("writes nowhere that its image calls a volume", async function () {
    const script = "echo x > /scratch/file";
    const image = await fixture().anotherImage([`CMD ["sh"]`, "VOLUME /scratch"]);
    await succeedsWith((spec) => (spec.Image = image), script);

    await fails(script, /Read-only file system/, { image });
    expect((await run("cat /scratch/present", { image })).log).to.equal("from the image\n");
  });

  it("is nobody", async function () {
    const script = "cat /secret";
    await succeedsWith((spec) => (spec.User = "0:0"), script);

    await fails(script, /Permission denied/);
  });

  it("has no capability, wins none by a program, and is filtered", async function () {
    const script = "grep -E '^(CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp):' /proc/self/status";

    const { log } = await run(script);

    const lines = log.trim().split("\n");
    const status = new Map(lines.map((line) => line.split(/:\s+/) as [string, string]));
    const none = "0000000000000000";
    expect(Object.fromEntries(status)).to.deep.equal({
      ...{ CapInh: none, CapPrm: none, CapEff: none, CapBnd: none, CapAmb: none },
      ...{ NoNewPrivs: "1", Seccomp: "2" },
    });
    const lifted = await fixture().control(script, ({ HostConfig }) => {
      HostConfig!.CapDrop = [];
      HostConfig!.SecurityOpt = ["seccomp=unconfined"];
    });
    expect(lifted.log)
      .to.match(/NoNewPrivs:\s+0/)
      .and.match(/Seccomp:\s+0/)
      .and.not.match(/CapBnd:\s+0{16}/);
  });

  it("cannot change its input", async function () {
    const script = "mount | grep ' /input ' | grep -q '[(,]rw[,)]' && echo writable";
    await succeedsWith((spec) => spec.HostConfig!.Mounts!.forEach((mount) => (mount.ReadOnly = false)), script);

    const { outcome, log } = await run(`${script}; echo x > /input/text`, { inputs: { text: "one\n" } });

    expect(outcome).to.include({ kind: "result", exitCode: 1 });
    expect(log).not.to.include("writable");
  });

  it("starts no more processes than allowed", async function () {
    const script = "i=0; while [ $i -lt 40 ]; do sleep 30 & i=$((i+1)); done";
    await succeedsWith((spec) => (spec.HostConfig!.PidsLimit = 0), script);

    await fails(script, /can't fork/);
  });

  it("makes no file larger than allowed, not even in memory", async function () {
    const script = "head -c 9m /dev/zero > /dev/shm/file";
    await succeedsWith((spec) => (spec.HostConfig!.Ulimits = []), script);

    const { outcome } = await run(script);

    expect(outcome).to.include({ kind: "result", exitCode: 153 }); // 128 + SIGXFSZ
  });

  it("sees as many processors as it has been given", async function () {
    const { log } = await run("nproc", { limits: { cpuMillicores: 500 } });

    expect(log).to.equal("1\n");
  });

  it("has a /tmp, a small one", async function () {
    const { outcome, log } = await run("echo x > /tmp/file && df -m /tmp | tail -1 | awk '{print $2}'");

    expect(outcome).to.include({ kind: "result", exitCode: 0 });
    expect(log).to.equal("64\n");
  });

  it("runs no health check of its image", async function () {
    const image = await fixture().anotherImage([
      `CMD ["sh"]`,
      "HEALTHCHECK --interval=1s --start-period=1s CMD echo checked > /output/checked",
    ]);

    const { outcome } = await run("sleep 3", { image });

    expect(outcome).to.include({ kind: "result", manifest: "exit 0\n" });
  });
});

/** A network whose containers reach this machine. */
async function testBridge(
  docker: Docker,
): Promise<AsyncDisposable & { readonly name: string; readonly gateway: string }> {
  const name = `gridmill-test-${randomUUID()}`;
  const network = await docker.createNetwork({ Name: name, Driver: "bridge", Labels: { ...TEST_LABELS } });
  const { IPAM } = await network.inspect();
  return {
    name,
    gateway: IPAM!.Config![0]!["Gateway"]!,
    [Symbol.asyncDispose]: async () => void (await network.remove()),
  };
}
