import { join } from "node:path";

import { expect } from "chai";

import { parseAppManifest, readAppManifest } from "../../../../cli/images/app-manifest.ts";
import { BadAppError } from "../../../../cli/images/errors.ts";

const APPS = join(import.meta.dirname, "../../../../apps");

const GOOD = {
  name: "word-count",
  title: "Word count",
  description: "Counts words",
  version: "1.2.3",
  requirements: { cpuMillicores: 500, memoryMiB: 64, diskMiB: 8 },
  category: 0,
};

function problemsOf(manifest: unknown): readonly string[] {
  try {
    parseAppManifest(JSON.stringify(manifest));
    return [];
  } catch (error) {
    expect(error).to.be.instanceOf(BadAppError);
    return (error as BadAppError).details["problems"] as string[];
  }
}

describe("app.json", function () {
  it("may leave out args, split and join", function () {
    expect(parseAppManifest(JSON.stringify(GOOD))).to.deep.equal({ ...GOOD, args: [] });
  });

  it("names every problem, not only the first", function () {
    const problems = problemsOf({ ...GOOD, name: "Word Count", version: "1.2", category: 5 });

    expect(problems.map((problem) => problem.split(":")[0])).to.deep.equal(["name", "version", "category"]);
  });

  it("refuses a key that nobody knows", function () {
    expect(problemsOf({ ...GOOD, requirments: {} })).to.have.length(1);
  });

  it("takes requirements from nothing to 32 bits, and no more", function () {
    const withMemory = (memoryMiB: number): unknown => ({ ...GOOD, requirements: { ...GOOD.requirements, memoryMiB } });

    expect(problemsOf(withMemory(0))).to.deep.equal([]);
    expect(problemsOf(withMemory(0xffff_ffff))).to.deep.equal([]);
    expect(problemsOf(withMemory(0x1_0000_0000))).to.have.length(1);
    expect(problemsOf(withMemory(-1))).to.have.length(1);
    expect(problemsOf(withMemory(0.5))).to.have.length(1);
  });

  it("refuses to join what was not split", function () {
    const joined = { ...GOOD, join: "ppm-bands-to-png" };

    expect(problemsOf(joined)).to.deep.equal(["join: needs split: only an app that shares its work has parts to join"]);
    expect(problemsOf({ ...joined, split: { kind: "tasks" } })).to.deep.equal([]);
  });

  it("refuses a way of joining that nobody knows", function () {
    expect(problemsOf({ ...GOOD, split: { kind: "tasks" }, join: "zip" })).to.have.length(1);
  });

  it("says so when the text is not JSON", function () {
    expect(() => parseAppManifest("{", "x/app.json")).to.throw(BadAppError, "x/app.json is not JSON");
  });

  it("says so when the folder has none", async function () {
    const error = await readAppManifest(join(APPS, "nowhere")).catch((thrown: unknown) => thrown);

    expect(error).to.be.instanceOf(BadAppError).with.property("hint").that.includes("apps/checksum");
  });

  for (const name of ["checksum", "render"]) {
    it(`of ${name} is good, and named like its folder`, async function () {
      expect((await readAppManifest(join(APPS, name))).name).to.equal(name);
    });
  }
});
