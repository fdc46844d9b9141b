import { expect } from "chai";
import { InvalidArgumentError } from "commander";
import fc from "fast-check";

import {
  collectEnv,
  collectInput,
  parseCpus,
  parseDuration,
  parseId,
  parseMemory,
  parseMill,
  parseTaskId,
  parseTrust,
  parseWeights,
  wholeNumber,
} from "../../../cli/args.ts";

const refused = (read: () => unknown): void => void expect(read).to.throw(InvalidArgumentError);

describe("args", function () {
  describe("wholeNumber", function () {
    it("accepts exactly the numbers within its bounds, written in decimal", function () {
      fc.assert(
        fc.property(fc.integer({ min: 0, max: 99 }), fc.integer({ min: -200, max: 200 }), (least, value) => {
          const read = wholeNumber(least, 100);
          if (value >= least && value <= 100) expect(read(`${value}`)).to.equal(value);
          else refused(() => read(`${value}`));
        }),
      );
    });

    it("refuses what only looks like a number", function () {
      for (const text of ["", " 3", "3.0", "0x3", "1e2", "three"]) refused(() => wholeNumber(0, 1_000)(text));
    });
  });

  it("asks for a trust of at least 2", function () {
    expect(parseTrust("2")).to.equal(2);
    refused(() => parseTrust("1"));
  });

  it("reads weights of known criteria, each once, and refuses all others", function () {
    expect(parseWeights("speed=3,trust=1")).to.deep.equal({ speed: 3, trust: 1 });
    for (const text of ["", "speed", "speed=101", "speed=0", "beauty=1", "speed=1,speed=2", "speed=1,", "speed=-1"])
      refused(() => parseWeights(text));
  });

  it("reads ids from 1, however large", function () {
    expect(parseId("1")).to.equal(1n);
    expect(parseId("12345678901234567890")).to.equal(12345678901234567890n);
    refused(() => parseId("0"));
    refused(() => parseId("-1"));
  });

  it("reads a task id in any case and refuses a short one", function () {
    expect(parseTaskId(`0x${"AB".repeat(32)}`)).to.equal(`0x${"ab".repeat(32)}`);
    refused(() => parseTaskId("0xab"));
  });

  it("reads amounts, sizes, cores and times with their units", function () {
    expect(parseMill("1.5")).to.equal(1_500_000_000_000_000_000n);
    expect(parseMemory("512M")).to.equal(512);
    expect(parseMemory("2g")).to.equal(2_048);
    expect(parseCpus("0.5")).to.equal(500);
    expect(parseDuration("10m")).to.equal(600);
  });

  it("refuses them without, or at zero", function () {
    refused(() => parseMill("-1"));
    refused(() => parseMill("1,5"));
    for (const text of ["512", "0M", "1.5G", "M"]) refused(() => parseMemory(text));
    for (const text of ["0", "-1", "1.2345"]) refused(() => parseCpus(text));
    for (const text of ["10", "0s", "1w"]) refused(() => parseDuration(text));
  });

  describe("collectInput", function () {
    it("names a file by the last part of its path", function () {
      expect(collectInput("data/scene.pov")).to.deep.equal([{ path: "data/scene.pov", name: "scene.pov" }]);
    });

    it("takes the name after the last =", function () {
      expect(collectInput("a=b/c.txt=input.txt")).to.deep.equal([{ path: "a=b/c.txt", name: "input.txt" }]);
    });

    it("leaves an = to the path when a slash follows", function () {
      expect(collectInput("a=b/c.txt")).to.deep.equal([{ path: "a=b/c.txt", name: "c.txt" }]);
    });

    it("refuses two inputs of one name", function () {
      refused(() => collectInput("b/x.txt", collectInput("a/x.txt")));
    });

    it("gives every name it accepts to exactly one input", function () {
      const paths = fc.array(fc.stringMatching(/^[a-c]{1,2}(\/[a-c])?(=[a-c])?$/), { maxLength: 6 });
      fc.assert(
        fc.property(paths, (texts) => {
          let inputs: ReturnType<typeof collectInput> = [];
          try {
            for (const text of texts) inputs = collectInput(text, inputs);
          } catch (error) {
            expect(error).to.be.instanceOf(InvalidArgumentError);
          }
          expect(new Set(inputs.map(({ name }) => name)).size).to.equal(inputs.length);
          for (const { name } of inputs) expect(name).to.not.include("/");
        }),
      );
    });
  });

  it("collects variables, the last one wins", function () {
    expect(collectEnv("A=2", collectEnv("B=x=y", collectEnv("A=1")))).to.deep.equal({ A: "2", B: "x=y" });
    refused(() => collectEnv("1A=2"));
    refused(() => collectEnv("A"));
  });
});
