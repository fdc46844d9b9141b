import { expect } from "chai";

import { parseImageName, pinnedName } from "../../../../cli/images/image-name.ts";
import { BadInputError } from "../../../../protocol/errors.ts";

const DIGEST = `sha256:${"a1".repeat(32)}`;

describe("parseImageName", function () {
  const cases: readonly [string, string, string | undefined, string | undefined][] = [
    ["alpine", "alpine", undefined, undefined],
    ["alpine:3.20", "alpine", "3.20", undefined],
    ["library/alpine", "library/alpine", undefined, undefined],
    ["127.0.0.1:5000/render:1.0.0", "127.0.0.1:5000/render", "1.0.0", undefined],
    ["127.0.0.1:5000/render", "127.0.0.1:5000/render", undefined, undefined],
    ["registry.example/a/b_c/d--e", "registry.example/a/b_c/d--e", undefined, undefined],
    [`registry.example/render@${DIGEST}`, "registry.example/render", undefined, DIGEST],
    [`registry.example:443/render:v2@${DIGEST}`, "registry.example:443/render", "v2", DIGEST],
  ];
  for (const [name, repository, tag, digest] of cases) {
    it(`reads ${name}`, function () {
      expect(parseImageName(name)).to.deep.equal({ repository, tag, digest });
    });
  }

  const refused = [
    "",
    "Render",
    "https://registry.example/render",
    "render:",
    "render@sha256:abc",
    `render@${DIGEST.toUpperCase()}`,
    "/render",
    "render/",
    "../render",
    "render:a b",
    "render\n",
  ];
  for (const name of refused) {
    it(`refuses ${JSON.stringify(name)}`, function () {
      expect(() => parseImageName(name)).to.throw(BadInputError, "is not the name of an image");
    });
  }

  it("decides quickly on a long name that is none", function () {
    expect(() => parseImageName(`${"a-".repeat(50_000)}!`)).to.throw(BadInputError);
  });

  it("reads what pinnedName writes", function () {
    expect(parseImageName(pinnedName("127.0.0.1:5000/render", DIGEST))).to.deep.include({
      digest: DIGEST,
      tag: undefined,
    });
  });
});
