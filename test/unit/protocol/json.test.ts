import { expect } from "chai";
import fc from "fast-check";

import { toJson } from "../../../protocol/json.ts";
import { uintSchema } from "../../../protocol/primitives.ts";
import { someUint } from "./arbitraries.ts";

describe("toJson", function () {
  it("writes bigints as decimal strings, wherever they stand", function () {
    const value = { wei: 10n ** 20n, list: [1n, { deep: -2n }], plain: 3 };

    expect(toJson(value)).to.equal('{"wei":"100000000000000000000","list":["1",{"deep":"-2"}],"plain":3}');
    expect(toJson(5n)).to.equal('"5"');
  });

  it("is JSON.stringify for everything else", function () {
    fc.assert(fc.property(fc.jsonValue(), (value) => toJson(value) === JSON.stringify(value)));
    expect(toJson({ gone: undefined, at: new Date(0) })).to.equal('{"at":"1970-01-01T00:00:00.000Z"}');
  });

  it("indents for people", function () {
    expect(toJson({ wei: 1n }, 2)).to.equal('{\n  "wei": "1"\n}');
  });

  it("loses no digit on the way to a schema", function () {
    fc.assert(
      fc.property(someUint(256), (wei) => {
        expect(uintSchema(256).parse(JSON.parse(toJson(wei)))).to.equal(wei);
      }),
    );
  });
});
