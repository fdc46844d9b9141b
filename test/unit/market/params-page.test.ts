import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

import { ParamsSchema, parseParams, taskParams } from "../../../protocol/params.ts";

describe("docs/params.md", function () {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/params.md"), "utf8");
  const [, example = ""] = /```json\n([^]*?)```/.exec(page) ?? [];

  it("shows params that are taken, and whose tasks differ as it says", function () {
    const params = parseParams(example);

    expect(taskParams(params, 1)?.args).to.deep.equal(["--frame", "2"]);
    expect(taskParams(params, 1)?.env).to.deep.equal({ QUALITY: "low" });
    expect(taskParams(params, 2)).to.equal(undefined);
  });

  it("names every field", function () {
    for (const field of Object.keys(ParamsSchema.shape)) expect(page).to.contain(`| \`${field}\``);
  });
});
