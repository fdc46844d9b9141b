import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect } from "chai";

import { taskIdOf } from "../../protocol/deal.ts";
import type { Hash } from "../../protocol/primitives.ts";
import { composeProject } from "../support/compose.ts";
import { inSuite } from "../support/in-suite.ts";
import { REPOSITORY } from "../support/local-market.ts";
import { waitFor } from "../support/wait-for.ts";

const SERVICES = ["chain", "market", "postgres", "redis", "registry", "scheduler", "worker-1", "worker-2"];
const FOUNDERS = ["contracts", "found-pool"];
/** As docker-compose.yml grants every service. */
const GRACE_MS = 30_000;

const sha256 = (bytes: string | Buffer): string => createHash("sha256").update(bytes).digest("hex");

describe("docker-compose.yml", function () {
  this.timeout(240_000);
  const project = inSuite(composeProject);
  let dealId: Hash;

  async function statusOf(url: string): Promise<number> {
    const answer = await fetch(url);
    await answer.body?.cancel();
    return answer.status;
  }

  async function task(): Promise<{ status: string; votes: readonly { status: string }[] }> {
    const answer = await fetch(`${project().poolUrl}/tasks/${taskIdOf(dealId, 0)}`);
    return (await answer.json()) as { status: string; votes: { status: string }[] };
  }

  it("is built and brings up services that all say they are well", async function () {
    await promisify(execFile)("sh", [join(REPOSITORY, "scripts/build-image.sh")], { timeout: 600_000 });
    await project().compose("up", "--detach");
    await project().allWell();

    const services = await project().services();
    const running = services.filter(({ status }) => status === "running");
    expect(running.map(({ service }) => service).sort()).to.deep.equal(SERVICES);
    expect(running.map(({ health }) => health)).to.deep.equal(SERVICES.map(() => "healthy"));
    const { marketUrl, poolUrl } = project();
    for (const url of [marketUrl, poolUrl]) {
      const answers = ["/health", "/ready", "/metrics"].map((path) => statusOf(url + path));
      expect(await Promise.all(answers)).to.deep.equal([200, 200, 200]);
    }
  });

  it("ends every service within its grace, with 0, in the middle of a deal", async function () {
    await project().compose("stop", "worker-2"); // two votes are wanted: the deal can get one
    const run = ["run", "apps/checksum", "--input", "README.md", "--trust", "3", "--yes", "--detach"];
    ({ dealId } = (await project().command(...run)) as { dealId: Hash });
    await waitFor("one vote", async () => (await task()).votes?.some(({ status }) => status === "computed"), {
      timeoutMs: 30_000,
    });

    const began = performance.now();
    await project().compose("stop");

    expect(performance.now() - began).to.be.below(GRACE_MS);
    const ended = (await project().services()).map(({ service, exitCode }) => `${service} ${exitCode}`);
    expect(ended.sort()).to.deep.equal([...SERVICES, ...FOUNDERS].map((service) => `${service} 0`).sort());
  });

  it("settles that deal after a backup, the loss of everything, and a restore", async function () {
    await project().asDocumented("### Back up");
    await project().compose("down", "--volumes");
    expect(await project().leavings()).to.deep.equal([]);
    await project().asDocumented("### Restore");

    await project().allWell();
    await waitFor("the deal to settle", async () => (await task()).status === "settled", { timeoutMs: 60_000 });
    expect((await task()).votes.map(({ status }) => status)).to.deep.equal(["agree", "agree"]);
    const result = await project().command("task", "result", taskIdOf(dealId, 0), "--verify", "--out", "/tmp/out");
    const sums = `${sha256(readFileSync(join(REPOSITORY, "README.md")))}  README.md\n`;
    expect(result).to.deep.include({ verified: true, exitCode: 0 });
    expect((result as { files: { sha256: string }[] }).files.map((file) => file.sha256)).to.deep.equal([sha256(sums)]);
  });
});
