import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import { joinBands } from "../../sdk/join/join-bands.ts";
import { buildApp, FIRST_BUILD_MS, type AppFolder, type BuiltApp } from "../support/app-images.ts";
import { hardenedRun, type HardenedRun, type HardenedRunOptions } from "../support/hardened-run.ts";
import { withDocker } from "../support/parts.ts";

const WINDMILL = join(import.meta.dirname, "../../apps/render/input/windmill.pov");

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
