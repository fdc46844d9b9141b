import { expect } from "chai";
import fc from "fast-check";

import {
  AddressSchema,
  HashSchema,
  HexSchema,
  Sha256Schema,
  smallUintSchema,
  uintSchema,
  UNLIMITED,
  ZERO_ADDRESS,
  ZERO_HASH,
} from "../../../protocol/primitives.ts";
import { someUint } from "./arbitraries.ts";

type Schema = { safeParse(value: unknown): { success: boolean } };
const accepts = (schema: Schema, value: unknown): boolean => schema.safeParse(value).success;

describe("primitives", function () {
  describe("unsigned integers", function () {
    for (const bits of [8, 16, 32, 40, 128, 256]) {
      it(`of ${bits} bits go from 0 to 2^${bits} - 1, and not one further`, function () {
        const schema = uintSchema(bits);
        const limit = 2n ** BigInt(bits);

        expect([0n, limit - 1n].map((value) => schema.parse(value))).to.deep.equal([0n, limit - 1n]);
        expect([-1n, limit, limit.toString(), "-1"].map((value) => accepts(schema, value))).to.deep.equal(
          Array(4).fill(false),
        );
      });
    }

    it("come as a decimal string, a number or a bigint, and mean the same", function () {
      fc.assert(
        fc.property(fc.maxSafeNat(), (value) => {
          const read = [value, `${value}`, BigInt(value)].map((form) => uintSchema(64).parse(form));
          expect(read).to.deep.equal(Array(3).fill(BigInt(value)));
        }),
      );
      fc.assert(fc.property(someUint(256), (value) => uintSchema(256).parse(value.toString()) === value));
    });

    it("come in no other form", function () {
      const others = ["", " 1", "1 ", "0x1", "1e3", "1.0", "+1", "١", 1.5, NaN, Infinity, 2 ** 53, null, true, [1]];

      expect(others.filter((value) => accepts(uintSchema(256), value))).to.deep.equal([]);
    });

    it("that are small become numbers", function () {
      expect(smallUintSchema(40).parse("1099511627775")).to.equal(2 ** 40 - 1);
      expect(accepts(smallUintSchema(40), "1099511627776")).to.equal(false);
      expect(smallUintSchema(8).parse(255n)).to.equal(255);
      expect(accepts(smallUintSchema(8), 256n)).to.equal(false);
    });

    it("are unlimited at the largest of 256 bits", function () {
      expect(accepts(uintSchema(256), UNLIMITED)).to.equal(true);
      expect(accepts(uintSchema(256), UNLIMITED + 1n)).to.equal(false);
    });
  });

  describe("hex", function () {
    it("is lower case inside Gridmill, however it came", function () {
      expect(AddressSchema.parse(`0x${"aB".repeat(20)}`)).to.equal(`0x${"ab".repeat(20)}`);
      expect(HashSchema.parse(`0x${"CD".repeat(32)}`)).to.equal(`0x${"cd".repeat(32)}`);
      expect(HexSchema.parse("0xEf")).to.equal("0xef");
    });

    for (const [name, schema, bytes] of [
      ["an address", AddressSchema, 20],
      ["a hash", HashSchema, 32],
    ] as const) {
      it(`has ${bytes} bytes in ${name}`, function () {
        const of = (count: number): string => `0x${"ab".repeat(count)}`;
        const bad = [of(bytes - 1), of(bytes + 1), `${of(bytes)}\n`, of(bytes).slice(2), of(bytes).replace("a", "g")];

        expect(accepts(schema, of(bytes))).to.equal(true);
        expect(bad.filter((text) => accepts(schema, text))).to.deep.equal([]);
      });
    }

    it("of any length is whole bytes, at most 64 KiB", function () {
      expect(accepts(HexSchema, "0x")).to.equal(true);
      expect(accepts(HexSchema, `0x${"00".repeat(65_536)}`)).to.equal(true);
      expect(accepts(HexSchema, `0x${"00".repeat(65_537)}`)).to.equal(false);
      expect(accepts(HexSchema, "0x0")).to.equal(false);
      expect(accepts(HexSchema, "0X00")).to.equal(false);
    });

    it("has its zeros", function () {
      expect(AddressSchema.parse(ZERO_ADDRESS)).to.equal(ZERO_ADDRESS);
      expect(HashSchema.parse(ZERO_HASH)).to.equal(ZERO_HASH);
    });
  });

  it("a SHA-256 is written as sha256sum prints it", function () {
    const bad = ["ab".repeat(31), "ab".repeat(33), "AB".repeat(32), `0x${"ab".repeat(32)}`, `${"ab".repeat(32)}\n`];

    expect(accepts(Sha256Schema, "ab".repeat(32))).to.equal(true);
    expect(bad.filter((text) => accepts(Sha256Schema, text))).to.deep.equal([]);
  });
});
