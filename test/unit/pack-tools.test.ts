import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

const ROOT = join(import.meta.dirname, "../..");

describe("pack-tools", function () {
  // An app's folder is all that a build sees, so that each app that uses it has its own.
  it("is the same in every app", function () {
    const files = globSync("{apps,test/support/apps}/*/pack-tools", { cwd: ROOT });

    expect(files.length).to.be.greaterThan(1);
    expect(new Set(files.map((file) => readFileSync(join(ROOT, file), "utf8"))).size).to.equal(1);
  });
});
