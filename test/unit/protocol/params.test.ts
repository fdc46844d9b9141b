import { expect } from "chai";
import { keccak256 } from "ethers";
import fc from "fast-check";

import { BadParamsError } from "../../../protocol/errors.ts";
import { FileNameSchema, MAX_PARAMS_BYTES, paramsHashOf, parseParams, taskParams } from "../../../protocol/params.ts";
import type { Params } from "../../../protocol/params.ts";

const INPUT = { name: "scene.pov", sha256: "ab".repeat(32), bytes: 4_096 };
const textOf = (fields: object): string => JSON.stringify({ version: 1, ...fields });
const parsed = (fields: object): Params => parseParams(textOf(fields));

/** What {@link parseParams} says of a text: undefined when nothing is wrong. */
function faultOf(text: string): BadParamsError | undefined {
  try {
    parseParams(text);
    return undefined;
  } catch (error) {
    expect(error).to.be.instanceOf(BadParamsError);
    return error as BadParamsError;
  }
}
const isRefused = (fields: object): boolean => faultOf(textOf(fields)) !== undefined;

describe("params", function () {
  describe("parseParams", function () {
    it("needs a version and fills in the rest", function () {
      expect(parseParams('{"version":1}')).to.deep.equal({ version: 1, args: [], env: {}, inputs: [] });
    });

    it("reads everything that a task can be given", function () {
      const fields = {
        args: ["--width", ""],
        env: { QUALITY: "high", _x1: "" },
        inputs: [INPUT, { ...INPUT, name: "far", url: "https://files.example/far" }],
        seconds: 60,
        tasks: [{}, { args: ["1"], env: { A: "b" }, inputs: [INPUT], seconds: 1 }],
      };

      expect(parsed(fields)).to.deep.equal({ version: 1, ...fields });
    });

    it("refuses what is no JSON, keeps the cause and says where the form is told", function () {
      for (const text of ["", "{", "version: 1", "{'version':1}", '{"version":1}x', "\uFEFF{}"]) {
        const fault = faultOf(text)!;
        expect(fault.message, text).to.equal("The params are not JSON");
        expect(fault.cause).to.be.instanceOf(SyntaxError);
        expect(fault.hint).to.include("docs/params.md");
      }
    });

    it("refuses JSON of another shape", function () {
      for (const text of ["null", "1", '"x"', "[]", "{}"]) {
        expect(faultOf(text)?.message, text).to.include("The params are not valid");
      }
    });

    it("refuses every version but 1", function () {
      for (const version of [0, 2, "1", null]) expect(isRefused({ version }), `${version}`).to.equal(true);
    });

    it("refuses unknown fields, wherever they stand, by name", function () {
      for (const fields of [
        { surprise: 1 },
        { inputs: [{ ...INPUT, surprise: 1 }] },
        { tasks: [{ surprise: 1 }] },
        { tasks: [{ version: 1, surprise: 1 }] },
      ]) {
        expect(faultOf(textOf(fields))?.message).to.include("surprise");
      }
    });

    describe("given a large text", function () {
      const padded = (text: string, bytes: number): string => text + " ".repeat(bytes - Buffer.byteLength(text));

      it("accepts 4 MiB to the byte, and refuses one more", function () {
        expect(MAX_PARAMS_BYTES).to.equal(4 * 1024 * 1024);
        expect(faultOf(padded('{"version":1}', MAX_PARAMS_BYTES))).to.equal(undefined);
        expect(faultOf(padded('{"version":1}', MAX_PARAMS_BYTES + 1))?.message).to.include("4194305 bytes");
      });

      it("counts bytes, not letters", function () {
        const text = padded(textOf({ args: ["é"] }), MAX_PARAMS_BYTES + 1);

        expect(text.length).to.equal(MAX_PARAMS_BYTES);
        expect(faultOf(text)?.message).to.include("4194305 bytes");
      });
    });

    describe("bounds", function () {
      const bounds: Record<string, readonly [ok: object, refused: object]> = {
        "1,024 arguments": [{ args: Array(1_024).fill("") }, { args: Array(1_025).fill("") }],
        "32,768 letters in one": [{ args: ["a".repeat(32_768)] }, { args: ["a".repeat(32_769)] }],
        "32,768 letters in a variable": [{ env: { A: "a".repeat(32_768) } }, { env: { A: "a".repeat(32_769) } }],
        "128 letters in its name": [{ env: { ["A".repeat(128)]: "" } }, { env: { ["A".repeat(129)]: "" } }],
        "1,024 inputs": [{ inputs: Array(1_024).fill(INPUT) }, { inputs: Array(1_025).fill(INPUT) }],
        "1 TiB an input": [
          { inputs: [{ ...INPUT, bytes: 1024 ** 4 }] },
          { inputs: [{ ...INPUT, bytes: 1024 ** 4 + 1 }] },
        ],
        "no negative size": [{ inputs: [{ ...INPUT, bytes: 0 }] }, { inputs: [{ ...INPUT, bytes: -1 }] }],
        "whole bytes": [{ inputs: [{ ...INPUT, bytes: 1 }] }, { inputs: [{ ...INPUT, bytes: 1.5 }] }],
        "at least a second": [{ seconds: 1 }, { seconds: 0 }],
        "at most ten hours": [{ seconds: 36_000 }, { seconds: 36_001 }],
        "weights of what there is": [{ weights: { speed: 3, energy: 100 } }, { weights: { beauty: 1 } }],
        "weights that weigh something": [{ weights: { price: 1 } }, { weights: { price: 0 } }],
        "weights up to 100": [{ weights: { price: 100 } }, { weights: { price: 101 } }],
        "whole seconds": [{ tasks: [{ seconds: 2 }] }, { tasks: [{ seconds: 2.5 }] }],
        "100,000 tasks": [{ tasks: Array(100_000).fill({}) }, { tasks: Array(100_001).fill({}) }],
      };
      for (const [name, [ok, refused]] of Object.entries(bounds)) {
        it(name, function () {
          expect(isRefused(ok)).to.equal(false);
          expect(isRefused(refused)).to.equal(true);
        });
      }
    });

    it("takes variables by the names that a shell knows, except Gridmill's own", function () {
      const good = ["A", "a_1", "_", "GRIDMILL", "gridmill_x", "MY_GRIDMILL_X", "PATH"];
      const bad = ["GRIDMILL_", "GRIDMILL_TASK_INDEX", "", "1A", "A-B", "A B", "A=B", "é", "A\n"];

      expect(good.filter((name) => isRefused({ env: { [name]: "" } }))).to.deep.equal([]);
      expect(bad.filter((name) => !isRefused({ env: { [name]: "" } }))).to.deep.equal([]);
      expect(bad.filter((name) => !isRefused({ tasks: [{ env: { [name]: "" } }] }))).to.deep.equal([]);
    });

    it("takes inputs by sha256 and from the web, or from the pool where no URL stands", function () {
      const withUrl = (url: string) => ({ inputs: [{ ...INPUT, url }] });
      const bad = ["ftp://files.example/a", "file:///etc/passwd", "javascript:alert(1)", "/a", "", "http"];

      expect(isRefused(withUrl("http://127.0.0.1:8080/a?b#c"))).to.equal(false);
      expect(bad.filter((url) => !isRefused(withUrl(url)))).to.deep.equal([]);
      expect(isRefused({ inputs: [{ ...INPUT, sha256: "AB".repeat(32) }] })).to.equal(true);
      expect(isRefused({ inputs: [{ ...INPUT, name: "../scene.pov" }] })).to.equal(true);
    });
  });

  describe("file names", function () {
    const accepts = (name: string): boolean => FileNameSchema.safeParse(name).success;

    it("are plain: they can neither leave /input nor hide in it", function () {
      const good = ["a", "a.txt", ".hidden", "...", "a b", "-", "é", "結果", "a\\b", "\u00a0"];
      const bad = ["", ".", "..", "/", "a/b", "../a", "a\n", "a\0b", "\t", "\u001f", "\u007f", "\u0080", "\u009f"];

      expect(good.filter((name) => !accepts(name))).to.deep.equal([]);
      expect(bad.filter(accepts)).to.deep.equal([]);
    });

    it("are as long as a file system has them: 255 bytes", function () {
      expect(accepts("a".repeat(255))).to.equal(true);
      expect(accepts("a".repeat(256))).to.equal(false);
      expect(accepts(`${"é".repeat(127)}a`)).to.equal(true);
      expect(accepts("é".repeat(128))).to.equal(false);
    });
  });

  describe("taskParams", function () {
    const common = {
      ...{ args: ["common"], env: { A: "1", B: "2" }, seconds: 100 },
      inputs: [INPUT],
    };
    const own = { ...INPUT, name: "own" };
    const ofFirst = (task: object) => taskParams(parsed({ ...common, tasks: [task] }), 0)!;

    it("gives every task the same where there is no list", function () {
      for (const index of [0, 1, 2 ** 32 - 1]) expect(taskParams(parsed(common), index)).to.deep.equal(common);
      expect(taskParams(parsed({}), 0)).to.deep.equal({ args: [], env: {}, inputs: [], seconds: undefined });
    });

    it("gives a task of an empty entry what is common", function () {
      expect(ofFirst({})).to.deep.equal(common);
    });

    it("replaces args and seconds", function () {
      expect(ofFirst({ args: ["own"], seconds: 7 })).to.deep.equal({ ...common, args: ["own"], seconds: 7 });
      expect(ofFirst({ args: [] }).args).to.deep.equal([]);
    });

    it("merges variables over the common ones", function () {
      expect(ofFirst({ env: { B: "own", C: "3" } }).env).to.deep.equal({ A: "1", B: "own", C: "3" });
    });

    it("adds inputs to the common ones", function () {
      expect(ofFirst({ inputs: [own] }).inputs).to.deep.equal([INPUT, own]);
    });

    it("has nothing for a task beyond the list", function () {
      const params = parsed({ tasks: [{}, {}] });

      expect(taskParams(params, 1)).to.not.equal(undefined);
      expect(taskParams(params, 2)).to.equal(undefined);
      expect(taskParams(parsed({ tasks: [] }), 0)).to.equal(undefined);
    });

    it("leaves the params as they are", function () {
      const params = parsed({ ...common, tasks: [{ args: ["own"], env: { A: "own" }, inputs: [own] }] });
      const before = structuredClone(params);

      taskParams(params, 0);

      expect(params).to.deep.equal(before);
    });
  });

  describe("paramsHashOf", function () {
    it("is keccak256 of the exact bytes, as text or as bytes", function () {
      fc.assert(
        fc.property(
          fc.string({ unit: "binary" }).filter((text) => text.isWellFormed()),
          (text) => {
            const bytes = Buffer.from(text, "utf8");
            expect(paramsHashOf(text)).to.equal(keccak256(bytes)).and.equal(paramsHashOf(bytes));
          },
        ),
      );
    });

    it("tells texts apart that mean the same", function () {
      const texts = [
        '{"version":1}',
        '{"version": 1}',
        '{"version":1}\n',
        '{"version":1,"args":[]}',
        '\uFEFF{"version":1}',
      ];

      expect(new Set(texts.map(paramsHashOf)).size).to.equal(5);
    });
  });
});
