import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

type Locked = { readonly resolved?: string; readonly optionalDependencies?: Readonly<Record<string, string>> };

describe("package-lock.json", function () {
  const text = readFileSync(join(import.meta.dirname, "../../package-lock.json"), "utf8");
  const { packages } = JSON.parse(text) as { packages: Readonly<Record<string, Locked>> };

  it("names no registry", function () {
    const hosted = Object.entries(packages).filter(([, { resolved }]) => resolved !== undefined);

    expect(hosted.map(([path]) => path)).to.deep.equal([]);
  });

  // `npm ci` refuses a lock file without them, on every platform. npm itself leaves out what its registry does not have.
  it("lists the packages of every platform", function () {
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !(`node_modules/${name}` in packages) && !(`${path}/node_modules/${name}` in packages),
      ),
    );

    expect(missing).to.deep.equal([]);
  });
});
