import { expect } from "chai";
import fc from "fast-check";

import { formatMill, MILL, parseMill } from "../../../protocol/amounts.ts";
import { BadInputError } from "../../../protocol/errors.ts";
import { someUint } from "./arbitraries.ts";

describe("amounts in MILL", function () {
  it("are read to the wei", function () {
    const table = [
      ["0", 0n],
      ["1", MILL],
      ["1.5", (3n * MILL) / 2n],
      ["007.50", (15n * MILL) / 2n],
      ["0.000000000000000001", 1n],
      ["10000000000", 10n ** 28n],
      ["9".repeat(30), (10n ** 30n - 1n) * MILL],
    ] as const;

    for (const [text, wei] of table) expect(parseMill(text), text).to.equal(wei);
  });

  it("are written without zeros that say nothing", function () {
    expect([0n, 1n, MILL, 15n * 10n ** 17n, 10n * MILL, 100n * MILL].map(formatMill)).to.deep.equal([
      ...["0", "0.000000000000000001", "1", "1.5", "10", "100"],
    ]);
  });

  it("are read back as they were written", function () {
    fc.assert(fc.property(someUint(128), (wei) => parseMill(formatMill(wei)) === wei));
  });

  it("are refused when they are no decimal number, negative, too fine or absurdly large", function () {
    const bad = [
      ...["", " ", "-1", "+1", "1,5", ".5", "1.", "1e3", "0x1", "1 ", " 1", "1\n", "1_000", "MILL", "NaN", "1.2.3"],
      "0.0000000000000000001",
      "9".repeat(31),
    ];

    for (const text of bad) expect(() => parseMill(text), JSON.stringify(text)).to.throw(BadInputError, text);
  });

  it("say what was typed and what to type instead", function () {
    const refused = (() => {
      try {
        return parseMill("1,5");
      } catch (error) {
        return error;
      }
    })() as BadInputError;

    expect(refused.details).to.deep.equal({ text: "1,5" });
    expect(refused.hint).to.include("1.5");
  });
});
