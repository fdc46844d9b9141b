import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import { runTwice } from "../../cli/check/run-twice.ts";
import { judge } from "../../cli/check/verdict.ts";
import type { Verdict } from "../../cli/check/verdict.ts";
import { tryLock } from "../../chain/node/file-lock.ts";
import { LEASE_LIMITS, withExecutor } from "../support/executor-fixture.ts";
import { inSuite } from "../support/in-suite.ts";
import { runGridmill } from "../support/local-market.ts";
import type { Ran } from "../support/local-market.ts";
import { tempDir } from "../support/temp-dir.ts";

const SCORE = 1_000;
const MISBEHAVE = "test/support/apps/misbehave";

describe("app check", function () {
  this.timeout(60_000);

  describe("with the worker's own executor", function () {
    const fixture = withExecutor();

    async function check(script: string, seconds = LEASE_LIMITS.seconds): Promise<Verdict> {
      const { executor, image, workDir } = fixture();
      const task = {
        ...{ image, args: ["sh", "-c", script], env: {}, index: 0, count: 1 },
        ...{ limits: { ...LEASE_LIMITS, seconds }, resultKind: "folder" as const },
      };
      const deps = { executor, score: SCORE, workDir, onStage: () => {} };
      const outcomes = await runTwice(task, { inputs: [], dataset: undefined }, deps, new AbortController().signal);
      expect(await fixture().leftovers()).to.deep.equal([]);
      return judge(outcomes, { score: SCORE, cpuMillicores: LEASE_LIMITS.cpuMillicores, says: 0 });
    }

    it("finds an app that repeats itself good, with what it used", async function () {
      const { ok, category, runs } = await check(
        "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; sleep 1.5; echo $i > /output/a",
      );

      expect({ ok, fits: category.fits }).to.deep.equal({ ok: true, fits: 0 });
      for (const run of runs) {
        expect(run).to.include({ exitCode: 0, outputFiles: 1, outputBytes: 7 });
        expect(run.cpuMs).to.be.within(1, run.wallMs + 100);
        expect(run.peakMemoryMiB).to.be.within(1, LEASE_LIMITS.memoryMiB);
      }
    });

    for (const [what, command] of [
      ["a random number", "cat /proc/sys/kernel/random/uuid"],
      ["the time", "date +%s; cat /proc/uptime"],
    ] as const) {
      it(`names the file into which an app writes ${what}`, async function () {
        const { ok, differences } = await check(`(${command}) > /output/changing; echo same > /output/same`);

        expect(ok).to.equal(false);
        expect(differences.map(({ path }) => path)).to.deep.equal(["changing"]);
      });
    }

    it("sees that an app fails alike each time", async function () {
      const { ok, agree, runs } = await check("echo part > /output/a; exit 7");

      expect({ ok, agree, codes: runs.map(({ exitCode }) => exitCode) }).to.deep.equal({
        ...{ ok: false, agree: true, codes: [7, 7] },
      });
    });

    it("ends an app that takes too long", async function () {
      const { ok, agree, runs } = await check("while :; do :; done", 1);

      expect({ ok, agree, reasons: runs.map(({ reason }) => reason) }).to.deep.equal({
        ...{ ok: false, agree: true, reasons: ["time", "time"] },
      });
    });
  });

  describe("as a command, where there is no market", function () {
    const home = inSuite(tempDir);
    const gridmill = (...args: readonly string[]): Promise<Ran> =>
      runGridmill(["--json", "app", "check", ...args], { env: { GRIDMILL_HOME: home().path } });

    it("has a score, the one of the machine", async function () {
      const { code, json } = await runGridmill(["--json", "worker", "bench"], { env: { GRIDMILL_HOME: home().path } });

      expect(code).to.equal(0);
      const { score, parts, enough } = json as { score: number; parts: Record<string, number>; enough: boolean };
      expect(Object.keys(parts)).to.deep.equal(["integer", "float", "memory", "compress"]);
      expect(score).to.be.within(Math.min(...Object.values(parts)), Math.max(...Object.values(parts)));
      expect(enough).to.equal(score >= 400);
    });

    it("builds a folder, runs it as its app.json says, and ends with 0", async function () {
      const { code, json, stderr } = await gridmill("apps/checksum", "--input", "README.md");

      expect(code, stderr).to.equal(0);
      expect(json).to.deep.include({ ok: true, agree: true, problems: [], differences: [] });
      expect((json as Verdict).category).to.deep.include({ fits: 0, says: 0 });
      expect((json as Verdict).runs[1]).to.deep.include({ exitCode: 0, outputFiles: 1 });
    });

    it("ends with 1 when the runs differ, and names the file", async function () {
      const { code, json } = await gridmill(MISBEHAVE, "--", "random");

      expect(code).to.equal(1);
      expect(json).to.deep.include({ ok: false, agree: false });
      expect((json as Verdict).differences.map(({ path }) => path)).to.deep.equal(["random"]);
    });

    it("refuses an app that is registered already, and a second check beside the first", async function () {
      expect((await gridmill("7")).json).to.have.nested.property("error.code", "GM_USAGE");
      const folder = join(home().path, "check");
      await mkdir(folder, { recursive: true });
      const lock = await tryLock(join(folder, "lock"));

      const { code, json } = await gridmill(MISBEHAVE);

      if (typeof lock !== "string") await lock.release();
      expect({ code, json }).to.have.nested.property("json.error.code", "GM_ALREADY_RUNNING");
      expect(code).to.equal(3);
    });
  });
});
