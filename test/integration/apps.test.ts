import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";
import { AbiCoder } from "ethers";

import { joinBands } from "../../sdk/join/join-bands.ts";
import { buildApp, FIRST_BUILD_MS, type AppFolder, type BuiltApp } from "../support/app-images.ts";
import { hardenedRun, type HardenedRun, type HardenedRunOptions } from "../support/hardened-run.ts";
import { withDocker } from "../support/parts.ts";

const ROOT = join(import.meta.dirname, "../..");
const WINDMILL = join(ROOT, "apps/render/input/windmill.pov");

const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

describe("example apps", function () {
  const docker = withDocker();

  /** Gives a `describe` its image. @returns how to run it */
  function withApp(folder: AppFolder): (options?: Partial<HardenedRunOptions>) => Promise<HardenedRun> {
    let app: BuiltApp;
    before(async function () {
      this.timeout(FIRST_BUILD_MS);
      app = await buildApp(docker().url, folder);
    });
    return (options = {}) => hardenedRun({ ...app, ...options });
  }

  describe("apps/checksum", function () {
    const inputs = { "b.txt": "two\n", "a b.txt": "one\n", "-n": "dash", "Z.bin": Buffer.from([0, 255, 10]), é: "" };
    const run = withApp("apps/checksum");

    it("writes what sha256sum prints, sorted by name, twice the same", async function () {
      const [first, second] = [await run({ inputs }), await run({ inputs })];

      const names = ["-n", "Z.bin", "a b.txt", "b.txt", "é"] as const;
      const expected = names.map((name) => `${sha256(inputs[name])}  ${name}\n`).join("");
      expect(first).to.deep.include({ exitCode: 0, log: "" });
      expect([...first.outputs.keys()]).to.deep.equal(["sha256sums"]);
      expect(first.outputs.get("sha256sums")!.toString()).to.equal(expected);
      expect(second.outputs.get("sha256sums")!.toString()).to.equal(expected);
    });

    it("writes an empty list of no inputs", async function () {
      const { exitCode, outputs } = await run();

      expect(exitCode).to.equal(0);
      expect(outputs.get("sha256sums")!.toString()).to.equal("");
    });
  });

  describe("apps/median", function () {
    const run = withApp("apps/median");
    const LONGEST = "9".repeat(18);

    /** The two words that the contract gets. */
    const answerTo = async (inputs: Readonly<Record<string, string>>): Promise<readonly bigint[]> => {
      const { exitCode, outputs, log } = await run({ inputs });
      expect(exitCode, log).to.equal(0);
      return [...AbiCoder.defaultAbiCoder().decode(["uint256", "uint256"], outputs.get("callback")!)] as bigint[];
    };

    it("answers with the median of the medians, which one wild source does not move", async function () {
      const read = async (name: string) => readFile(join(ROOT, "apps/median/input", name), "utf8");
      const inputs = { a: await read("north.txt"), b: await read("south.txt"), c: await read("west.txt") };

      expect(await answerTo(inputs)).to.deep.equal([1_003n, 3n]);
    });

    it("compares numbers as numbers, and takes the lower of two in the middle", async function () {
      expect(await answerTo({ a: `9\n10\n0\n${LONGEST}\n`, b: "11\n" })).to.deep.equal([9n, 2n]);
      expect(await answerTo({ a: `${LONGEST}\n` })).to.deep.equal([BigInt(LONGEST), 1n]);
    });

    it("leaves out a file whole that holds anything else, and has no answer where none is left", async function () {
      const bad = { b: "5\nfive\n", c: "", d: "07\n", e: "-1\n", f: `1${LONGEST}\n`, g: "5\n\n", h: "1 2\n" };

      expect(await answerTo({ a: "5\n", ...bad })).to.deep.equal([5n, 1n]);
      const { exitCode, outputs } = await run({ inputs: bad });
      expect([exitCode, outputs.size]).to.deep.equal([1, 0]);
    });
  });

  describe("apps/auction", function () {
    const run = withApp("apps/auction");
    const word = (value: bigint): string => value.toString(16).padStart(64, "0");
    const hash = (hex: string): string => sha256(Buffer.from(hex, "hex"));
    /** A line of a bidder whose address is `at` repeated, and what it committed to. */
    const bid = (at: string, amount: bigint, opened = true) => {
      const [bidder, salt] = [at.repeat(20), hash(at)];
      const commitment = hash(bidder + word(amount) + salt);
      const opening = `${word(amount)}${salt}`;
      const line = `${bidder} ${commitment}${opened ? ` ${word(amount)} ${salt}` : ""}\n`;
      return { bidder, commitment, line, answer: `${"0".repeat(24)}${bidder}${opening}` };
    };
    const rootOf = (bids: readonly ReturnType<typeof bid>[]): string =>
      bids.reduce((root, { bidder, commitment }) => hash(root + bidder + commitment), "0".repeat(64));
    const find = async (bids: readonly ReturnType<typeof bid>[], root = rootOf(bids)) => {
      const inputs = { bids: bids.map(({ line }) => line).join("") };
      const { exitCode, outputs } = await run({ inputs, args: [root, word(10n), word(99n)] });
      return { exitCode, answer: outputs.get("callback")?.toString("hex") };
    };

    it("answers with the two highest openings that fit, the first of equals first", async function () {
      const [low, high, same] = [bid("b1", 9n), bid("b2", 50n), bid("b3", 50n)];
      const [unopened, tooHigh, middle] = [bid("b4", 90n, false), bid("b5", 100n), bid("b6", 11n)];
      const bids = [low, high, same, unopened, tooHigh, middle];

      expect(await find(bids)).to.deep.equal({ exitCode: 0, answer: high.answer + same.answer });
    });

    it("answers with one where there is one, at both limits, and with none where there is none", async function () {
      expect((await find([bid("b1", 10n)])).answer).to.equal(bid("b1", 10n).answer);
      expect((await find([bid("b1", 99n)])).answer).to.equal(bid("b1", 99n).answer);
      expect(await find([bid("b1", 9n), bid("b2", 50n, false)])).to.deep.equal({ exitCode: 1, answer: undefined });
    });

    it("has no answer to a list that is not the contract's", async function () {
      const bids = [bid("b1", 20n), bid("b2", 50n)];
      const garbled = { ...bids[0]!, line: "not a bid\n" };

      expect((await find(bids.slice(1), rootOf(bids))).exitCode).to.equal(1);
      expect((await find([bids[1]!, bids[0]!], rootOf(bids))).exitCode).to.equal(1);
      expect((await find([garbled, bids[1]!], rootOf(bids))).exitCode).to.equal(1);
    });

    it("counts no opening that does not fit its commitment, and goes on", async function () {
      const [honest, forged] = [bid("b1", 20n), bid("b2", 50n)];
      const lie = { ...forged, line: forged.line.replace(word(50n), word(60n)) };

      expect((await find([honest, lie])).answer).to.equal(honest.answer);
    });

    it("finds in its example what its page says", async function () {
      const page = await readFile(join(ROOT, "apps/auction/README.md"), "utf8");
      const [root] = /^`([0-9a-f]{64})`/m.exec(page)!.slice(1);
      const bids = await readFile(join(ROOT, "apps/auction/input/bids"), "utf8");

      const { exitCode, outputs } = await run({ inputs: { bids }, args: [root!, word(0n), word(10n ** 18n)] });

      expect([exitCode, outputs.get("callback")!.length]).to.deep.equal([0, 192]);
    });
  });

  describe("apps/render", function () {
    const SIZE = ["--width", "64", "--height", "45"] as const;
    const run = withApp("apps/render");

    async function bandsOf(count: number, options: Partial<HardenedRunOptions>): Promise<Buffer[]> {
      const bands: Buffer[] = [];
      for (let taskIndex = 0; taskIndex < count; taskIndex++) {
        const { exitCode, outputs, log } = await run({ ...options, taskIndex, taskCount: count });
        expect(exitCode, log).to.equal(0);
        expect([...outputs.keys()]).to.deep.equal([`band-0000${taskIndex}.ppm`]);
        bands.push([...outputs.values()][0]!);
      }
      return bands;
    }

    it("renders bands that join to the whole picture", async function () {
      const args = ["windmill.pov", ...SIZE, "--antialias", "0"];
      const inputs = { "windmill.pov": await readFile(WINDMILL) };

      const whole = await bandsOf(1, { args, inputs });
      const four = await bandsOf(4, { args, inputs });

      expect(four.map((band) => band.toString("latin1").split("\n")[1])).to.deep.equal([
        "64 11",
        "64 11",
        "64 11",
        "64 12",
      ]);
      expect(Buffer.from(joinBands(four)).equals(joinBands(whole))).to.equal(true);
    });

    it("renders the same bytes twice, antialiased", async function () {
      const args = ["isocacti.pov", ...SIZE];
      const task = { args, taskIndex: 1, taskCount: 2 };

      const [first, second] = [await run(task), await run(task)];

      expect(first.outputs.get("band-00001.ppm")!.equals(second.outputs.get("band-00001.ppm")!)).to.equal(true);
    });

    it("renders a scene of the requester's, which beats an example of the same name", async function () {
      const windmill = await readFile(WINDMILL);

      const [own] = await bandsOf(1, { args: ["windmill.pov", ...SIZE], inputs: { "windmill.pov": windmill } });
      const [named] = await bandsOf(1, { args: ["isocacti.pov", ...SIZE], inputs: { "isocacti.pov": windmill } });

      expect(own!.equals(named!)).to.equal(true);
    });

    it("leaves nothing behind when POV-Ray cannot render the scene", async function () {
      const { exitCode, log, outputs } = await run({ args: ["bad.pov"], inputs: { "bad.pov": "sphere {" } });

      expect(exitCode).to.equal(1);
      expect(log).to.include("Parse Error");
      expect([...outputs.keys()]).to.deep.equal([]);
    });

    const refused: readonly [string, readonly string[], Partial<HardenedRunOptions>][] = [
      ["no scene", [], {}],
      ["a scene that nobody has", ["nothing.pov"], {}],
      ["a width of 0", ["isocacti.pov", "--width", "0"], {}],
      ["a width of 65536", ["isocacti.pov", "--width", "65536"], {}],
      ["a threshold that is no number", ["isocacti.pov", "--antialias", "0.3 +X"], {}],
      ["an option without its value", ["isocacti.pov", "--width"], {}],
      ["an unknown option", ["isocacti.pov", "--depth", "1"], {}],
      ["more tasks than rows", ["isocacti.pov", "--height", "4"], { taskCount: 5 }],
    ];
    for (const [what, args, rest] of refused) {
      it(`refuses ${what}`, async function () {
        const { exitCode, log, outputs } = await run({ args, ...rest });

        expect(exitCode, log).to.equal(2);
        expect(log).to.include("usage: SCENE");
        expect([...outputs.keys()]).to.deep.equal([]);
      });
    }
  });

  describe("test/support/apps/misbehave", function () {
    const run = withApp("test/support/apps/misbehave");

    it("exits with the code it is told", async function () {
      expect((await run({ args: ["exit"] })).exitCode).to.equal(3);
      expect((await run({ args: ["exit", "41"] })).exitCode).to.equal(41);
    });

    it("writes nothing, or what it reads", async function () {
      expect((await run({ args: ["nothing"] })).outputs.size).to.equal(0);
      const { outputs } = await run({ args: ["read", "/etc/hostname"] });
      expect(outputs.get("read")!.toString()).to.equal("gridmill\n");
    });

    it("says so when it does not know how", async function () {
      expect((await run({ args: ["nicely"] })).exitCode).to.equal(2);
    });
  });
});
