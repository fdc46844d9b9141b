import { expect } from "chai";
import fc from "fast-check";

import { categoryDeadline, categorySeconds } from "../../../protocol/categories.ts";
import { isAsFast, secondsNeeded, SLOWEST_SCORE, soonestTimeout, timeLimits } from "../../../protocol/time-limits.ts";

const someSeconds = fc.integer({ min: 1, max: 36_000 });
const someScore = fc.integer({ min: 0, max: 0xffff_ffff });
const someMillicores = fc.integer({ min: 1, max: 256_000 });

describe("time limits", function () {
  it("are a quarter more than the time on the reference machine, and by the clock half of the way to the deadline", function () {
    expect(timeLimits(300, 1_000, 1_000)).to.deep.equal({ cpuMs: 375_000, wallMs: 1_500_000 });
  });

  it("give a machine of half the speed twice the CPU time, and one of twice the speed half of it", function () {
    expect(timeLimits(300, 500, 1_000)).to.deep.equal({ cpuMs: 750_000, wallMs: 1_500_000 });
    expect(timeLimits(300, 2_000, 1_000)).to.deep.equal({ cpuMs: 187_500, wallMs: 1_500_000 });
  });

  it("count the CPU time of the share that the container gets", function () {
    expect(timeLimits(300, 1_000, 4_000)).to.deep.equal({ cpuMs: 1_500_000, wallMs: 1_500_000 });
    expect(timeLimits(300, 1_000, 250)).to.deep.equal({ cpuMs: 93_750, wallMs: 1_500_000 });
  });

  it("grow no more below the slowest machine that gets tasks, and shrink no more above the fastest", function () {
    expect(timeLimits(300, 401, 1_000).cpuMs).to.be.lessThan(timeLimits(300, 400, 1_000).cpuMs);
    expect(timeLimits(300, 399, 1_000)).to.deep.equal(timeLimits(300, SLOWEST_SCORE, 1_000));
    expect(timeLimits(300, 0, 1_000)).to.deep.equal(timeLimits(300, 400, 1_000));
    expect(timeLimits(300, 3_999, 1_000).cpuMs).to.be.greaterThan(timeLimits(300, 4_000, 1_000).cpuMs);
    expect(timeLimits(300, 4_001, 1_000)).to.deep.equal(timeLimits(300, 4_000, 1_000));
  });

  it("end by the clock half-way to the deadline, whatever the machine", function () {
    for (const category of [0, 1, 2, 3, 4]) {
      const halfWay = (categoryDeadline(category, 0) / 2) * 1_000;

      for (const score of [1, 400, 1_000, 4_000]) {
        expect(timeLimits(categorySeconds(category), score, 1_000).wallMs).to.equal(halfWay);
      }
    }
  });

  it("leave an app that computes all the time its whole CPU time before the clock ends it", function () {
    fc.assert(
      fc.property(someSeconds, someScore, someMillicores, (seconds, score, cpuMillicores) => {
        const { cpuMs, wallMs } = timeLimits(seconds, score, cpuMillicores);

        expect(wallMs).to.be.at.least((cpuMs - 1) / (cpuMillicores / 1_000));
      }),
    );
  });

  it("are never reached before the soonest time that a pool believes", function () {
    fc.assert(
      fc.property(someSeconds, someScore, someMillicores, (seconds, score, cpuMillicores) => {
        const { cpuMs, wallMs } = timeLimits(seconds, score, cpuMillicores);
        const soonest = soonestTimeout(seconds, score);

        // Whole numbers: a quotient might be a hair too small.
        expect(cpuMs * 1_000).to.be.at.least(soonest * cpuMillicores);
        expect(wallMs).to.be.at.least(soonest);
        expect(soonest).to.be.greaterThan(0);
      }),
    );
  });
});

describe("secondsNeeded", function () {
  it("are what the reference machine would have computed, or a fifth of the time by the clock", function () {
    expect(secondsNeeded({ cpuMs: 100_000, wallMs: 100_000 }, 1_000, 1_000)).to.equal(100);
    expect(secondsNeeded({ cpuMs: 100_000, wallMs: 100_000 }, 500, 1_000)).to.equal(50);
    expect(secondsNeeded({ cpuMs: 100_000, wallMs: 100_000 }, 1_000, 4_000)).to.equal(25);
    expect(secondsNeeded({ cpuMs: 0, wallMs: 100_000 }, 2_000, 1_000)).to.equal(20);
  });

  it("are never too few for the run that they were counted from", function () {
    fc.assert(
      fc.property(
        someSeconds,
        fc.integer({ min: 400, max: 4_000 }),
        someMillicores,
        (cpuSeconds, score, millicores) => {
          const used = { cpuMs: cpuSeconds * millicores, wallMs: cpuSeconds * 1_000 };
          const { cpuMs, wallMs } = timeLimits(secondsNeeded(used, score, millicores), score, millicores);

          expect(cpuMs).to.be.at.least(used.cpuMs);
          expect(wallMs).to.be.at.least(used.wallMs - 1);
        },
      ),
    );
  });
});

describe("isAsFast", function () {
  it("takes scores that benchmarks cannot tell apart for equal", function () {
    expect(isAsFast(800, 1_000)).to.equal(true);
    expect(isAsFast(799, 1_000)).to.equal(false);
    expect(isAsFast(2_000, 1_000)).to.equal(true);
  });
});
