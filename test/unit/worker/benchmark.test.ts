import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import { measureRates } from "../../../worker/benchmark/measure.ts";
import type { Rates } from "../../../worker/benchmark/measure.ts";
import { machineScore } from "../../../worker/benchmark/machine-score.ts";
import { partScores, scoreOf } from "../../../worker/benchmark/score.ts";
import { createWorkloads, PARTS } from "../../../worker/benchmark/workloads.ts";
import type { Part, Workload } from "../../../worker/benchmark/workloads.ts";
import { tempDir } from "../../support/temp-dir.ts";

const EVEN: Rates = { integer: 1, float: 1, memory: 1, compress: 1 };
const times = (factor: number, ...parts: readonly Part[]): Rates => ({
  ...EVEN,
  ...Object.fromEntries(parts.map((part) => [part, factor])),
});

/** Work that takes a time of its own choice, by a clock that only steps every four milliseconds. */
function fakeMachine(unitMs: (part: Part, turn: number) => number, expected = 7) {
  let ms = 0;
  const workload = (part: Part): Workload => ({
    unit: (turn) => {
      ms += unitMs(part, turn);
      return 7;
    },
    expected,
  });
  const workloads = Object.fromEntries(PARTS.map((part) => [part, workload(part)])) as Record<Part, Workload>;
  return { workloads, cpuMs: () => Math.floor(ms / 4) * 4 };
}

describe("benchmark", function () {
  it("counts units a millisecond of CPU time, whatever the steps of the clock", function () {
    const { workloads, cpuMs } = fakeMachine((part) => (part === "memory" ? 1.5 : 1));

    const rates = measureRates(workloads, cpuMs);

    expect(rates.integer).to.be.closeTo(1, 0.05);
    expect(rates.memory).to.be.closeTo(1 / 1.5, 0.05);
  });

  it("takes the best of its tries", function () {
    let tries = 0;
    const { workloads, cpuMs } = fakeMachine((_part, turn) => {
      if (turn === 1) tries += 1;
      return tries === 9 ? 0.5 : 2;
    });

    const best = Object.values(measureRates(workloads, cpuMs)).sort((a, b) => a - b);

    expect(best.map((rate) => Math.round(rate * 10) / 10)).to.deep.equal([0.5, 0.5, 0.5, 2]);
  });

  it("stops when something is computed wrong", function () {
    const { workloads, cpuMs } = fakeMachine(() => 1, 8);

    expect(() => measureRates(workloads, cpuMs)).to.throw("integer gives 7 instead of 8");
  });

  it("computes what it computes everywhere", function () {
    for (const [part, { unit, expected }] of Object.entries(createWorkloads())) {
      if (expected !== undefined) expect(unit(0), part).to.equal(expected);
    }
  });

  it("scores twice as much where everything is twice as fast, and each part counts alike", function () {
    const twice = { integer: 2, float: 2, memory: 2, compress: 2 };

    expect(scoreOf(twice) / scoreOf(EVEN)).to.be.closeTo(2, 0.01);
    for (const part of PARTS) expect(scoreOf(times(16, part)) / scoreOf(EVEN)).to.be.closeTo(2, 0.01);
  });

  it("scores each part by itself", function () {
    const [even, quick] = [partScores(EVEN), partScores(times(3, "memory"))];

    expect(quick).to.deep.equal({ ...even, memory: quick.memory });
    expect(quick.memory / even.memory).to.be.closeTo(3, 0.01);
  });

  describe("a machine's score", function () {
    async function measuredIn(file: string, factor: number): Promise<number> {
      return (await machineScore(file, async () => times(factor, ...PARTS))).score;
    }

    it("is measured once and kept", async function () {
      await using dir = await tempDir();
      const file = join(dir.path, "benchmark.json");

      const first = await measuredIn(file, 1);

      expect(await measuredIn(file, 2)).to.equal(first);
    });

    for (const [what, other] of [
      ["version", -1],
      ["machine", "another"],
      ["processor", "another"],
      ["node", "v1.2.3"],
    ] as const) {
      it(`is measured again when the ${what} is another`, async function () {
        await using dir = await tempDir();
        const file = join(dir.path, "benchmark.json");
        const first = await measuredIn(file, 1);
        await writeFile(
          file,
          JSON.stringify({ ...(JSON.parse(await readFile(file, "utf8")) as object), [what]: other }),
        );

        expect(await measuredIn(file, 2)).to.be.greaterThan(first * 1.9);
      });
    }

    it("is measured again when the file is damaged", async function () {
      await using dir = await tempDir();
      const file = join(dir.path, "benchmark.json");
      await writeFile(file, '{"score": 1');

      expect(await measuredIn(file, 1)).to.equal(scoreOf(EVEN));
    });
  });
});
