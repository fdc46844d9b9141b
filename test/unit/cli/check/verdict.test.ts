import { expect } from "chai";

import { judge } from "../../../../cli/check/verdict.ts";
import { verdictText } from "../../../../cli/check/verdict-text.ts";
import { digestOf, failDigest, manifestOf } from "../../../../protocol/digest.ts";
import type { FailReason } from "../../../../protocol/digest.ts";
import type { RunOutcome, RunUsage } from "../../../../worker/executor/executor.ts";

const TERMS = { score: 1_000, cpuMillicores: 1_000, says: null };
/** Under a second: nobody has counted it. */
const SHORT: RunUsage = { wallMs: 100, cpuMs: 0, peakMemoryMiB: 0 };
const seconds = (busy: number, wall = busy): RunUsage => ({
  wallMs: wall * 1_000,
  cpuMs: busy * 1_000,
  peakMemoryMiB: 9,
});

function result(files: Readonly<Record<string, string>>, exitCode = 0, usage = SHORT): RunOutcome {
  const listed = Object.entries(files).map(([path, text]) => ({
    ...{ path, bytes: text.length, sha256: digestOf(text).slice(2) },
  }));
  const manifest = manifestOf(listed, exitCode);
  return { kind: "result", digest: digestOf(manifest), manifest, exitCode, usage };
}

const failed = (reason: FailReason): RunOutcome => ({
  ...{ kind: "failed", reason, digest: failDigest(reason), usage: SHORT },
});
const twice = (outcome: RunOutcome, terms: object = {}) => judge([outcome, outcome], { ...TERMS, ...terms });

describe("app check", function () {
  describe("whether two runs agree", function () {
    it("is content with an app that repeats itself", function () {
      const verdict = twice(result({ a: "1", b: "22" }));

      expect(verdict).to.deep.include({ ok: true, agree: true, problems: [], differences: [] });
      expect(verdict.runs[0]).to.deep.include({ exitCode: 0, reason: null, outputFiles: 2, outputBytes: 3 });
    });

    it("names the files that differ, or that one run alone has", function () {
      const { ok, agree, differences, problems } = judge(
        [result({ same: "s", other: "1", first: "x" }), result({ same: "s", other: "2", second: "yy" })],
        TERMS,
      );

      expect({ ok, agree }).to.deep.equal({ ok: false, agree: false });
      expect(differences.map(({ path, runs }) => [path, runs.map((file) => file?.bytes ?? null)])).to.deep.equal([
        ["first", [1, null]],
        ["other", [1, 1]],
        ["second", [null, 2]],
      ]);
      expect(problems).to.deep.equal(["The two runs differ in first, other, second: workers would not agree on it"]);
    });

    it("says how they ended when that is all that differs", function () {
      const [problem] = judge([result({}), result({}, 3)], TERMS).problems;

      expect(problem).to.equal(
        "One run ended with exit code 0, the other with exit code 3: workers would not agree on it",
      );
      expect(judge([result({}), failed("time")], TERMS).problems[0]).to.include("the other with the failure time");
    });

    it("is not content with an app that fails, if always alike", function () {
      for (const [outcome, end] of [
        [result({}, 3), "exit code 3"],
        [failed("memory"), "the failure memory"],
      ] as const) {
        const { ok, agree, problems } = twice(outcome);

        expect({ ok, agree }, end).to.deep.equal({ ok: false, agree: true });
        expect(problems).to.have.lengthOf(1);
        expect(problems[0]).to.include(end);
      }
    });
  });

  describe("which category fits", function () {
    const fits = (usage: RunUsage, terms: object = {}) => twice(result({}, 0, usage), terms).category.fits;

    it("is the shortest that has half as much again", function () {
      expect(fits(SHORT)).to.equal(0);
      expect(fits(seconds(200))).to.equal(0);
      expect(fits(seconds(200.1))).to.equal(1);
      expect(fits(seconds(7_200))).to.equal(3);
      expect(fits(seconds(24_000))).to.equal(4);
      expect(fits(seconds(24_000.1))).to.equal(null);
    });

    it("counts what the reference machine would take: more where this one is faster", function () {
      expect(fits(seconds(200), { score: 1_001 })).to.equal(1);
      expect(fits(seconds(400), { score: 500 })).to.equal(0);
      expect(fits(seconds(400.1), { score: 500 })).to.equal(1);
    });

    it("counts CPU time on all the cores of the task, and the clock where the app mostly waits", function () {
      const busyOnFour = { wallMs: 198_000, cpuMs: 4 * 198_000, peakMemoryMiB: 9 };
      expect(fits(busyOnFour, { cpuMillicores: 4_000 })).to.equal(0);
      expect(fits(seconds(1, 1_000))).to.equal(0);
      expect(fits(seconds(1, 1_000.1))).to.equal(1);
    });

    it("takes what was not counted yet for used: the engine counts every second or so", function () {
      expect(fits({ wallMs: 900_000, cpuMs: 198_000, peakMemoryMiB: 9 })).to.equal(0);
      expect(fits({ wallMs: 900_000, cpuMs: 198_100, peakMemoryMiB: 9 })).to.equal(1);
      expect(twice(result({})).runs[0]).to.include({ cpuMs: null, peakMemoryMiB: null, wallMs: 100 });
    });

    it("goes by the slower run", function () {
      const { category } = judge([result({}, 0, seconds(10)), result({}, 0, seconds(500))], TERMS);

      expect(category).to.deep.include({ fits: 1, referenceSeconds: 500 });
    });

    it("is none for an app that did not run to its end, and none is too short for it", function () {
      const { category, problems } = twice(failed("time"), { says: 0 });

      expect(category.fits).to.equal(null);
      expect(problems).to.have.lengthOf(1);
    });

    it("is a problem when it is longer than the one that was said, and no shorter", function () {
      const problemsOf = (says: number | null) => twice(result({}, 0, seconds(500)), { says }).problems;

      expect(problemsOf(0)).to.deep.equal(["Category 0 is too short: the app needs category 1"]);
      expect(problemsOf(1)).to.deep.equal([]);
      expect(problemsOf(4)).to.deep.equal([]);
      expect(problemsOf(null)).to.deep.equal([]);
    });

    it("is a problem when there is none", function () {
      expect(twice(result({}, 0, seconds(30_000)), { says: 4 }).problems).to.deep.equal([
        "No category has room for 30000 s on the reference machine: split the work",
      ]);
    });
  });

  it("reads as facts, then problems", function () {
    const verdict = judge([result({ a: "1" }), result({ a: "2" }, 0, seconds(1.5))], TERMS);

    const lines = verdictText({ ...verdict, image: "sha256:ab", score: 1_000 }).split("\n");

    expect(lines[1]).to.equal(
      "run 1     exit 0, 0.1 s by the clock, too short for its CPU time to be counted, 1 file, 1 B",
    );
    expect(lines[2]).to.equal("run 2     exit 0, 1.5 s by the clock, 1.5 s of CPU, 9 MiB, 1 file, 1 B");
    expect(lines[4]).to.match(/^category {2}0, with 300 s: the app needs 1.5 s or less on the reference machine/);
    expect(lines[5]).to.equal("- The two runs differ in a: workers would not agree on it");
  });
});
