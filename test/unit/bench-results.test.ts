import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

import { expect } from "chai";
import { z } from "zod";

const FOLDER = join(import.meta.dirname, "../../bench/results");

/** What a number means nothing without; a bench adds its own. */
const ResultSchema = z.looseObject({
  bench: z.string(),
  date: z.iso.datetime(),
  machine: z.strictObject({
    cpu: z.string().min(1),
    cores: z.int().positive(),
    memoryMiB: z.int().positive(),
    node: z.string().regex(/^v\d+\./),
    load: z.number().nonnegative(),
  }),
  commit: z.string().regex(/^[0-9a-f]{7,40}$/),
  changed: z.boolean(),
});

describe("results of benches", function () {
  const files = globSync("*.json", { cwd: FOLDER }).sort();

  it("are there", function () {
    expect(files).to.include.members(["credibility.json", "latency.json", "memory.json"]);
  });

  for (const file of files) {
    it(`${file} says when, where and of which commit it is`, function () {
      const { bench } = ResultSchema.parse(JSON.parse(readFileSync(join(FOLDER, file), "utf8")));

      expect(bench).to.equal(basename(file, ".json"));
    });
  }
});
