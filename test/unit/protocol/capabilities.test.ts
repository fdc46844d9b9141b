import { expect } from "chai";
import fc from "fast-check";

import {
  FLAGS,
  NO_RESOURCES,
  packResources,
  RESOURCE_LANES,
  shortfalls,
  unpackResources,
} from "../../../protocol/capabilities.ts";
import type { Flag, Resources } from "../../../protocol/capabilities.ts";
import { BadInputError } from "../../../protocol/errors.ts";
import { ZERO_HASH } from "../../../protocol/primitives.ts";
import type { Hash } from "../../../protocol/primitives.ts";
import { someHash } from "./arbitraries.ts";

const lane = fc.nat({ max: 0xffff_ffff });
const someResources: fc.Arbitrary<Resources> = fc.record({
  ...{ cpuMillicores: lane, memoryMiB: lane, diskMiB: lane, gpus: lane },
  ...{ gpuMemoryMiB: lane, benchmark: lane, bandwidthMbits: lane },
  flags: fc.subarray(Object.keys(FLAGS) as Flag[]),
});
const someLane = fc.constantFrom(...RESOURCE_LANES);
const flipped = (hash: Hash, bit: number): Hash =>
  `0x${(BigInt(hash) ^ (1n << BigInt(bit))).toString(16).padStart(64, "0")}`;

describe("capabilities", function () {
  describe("packed", function () {
    it("have seven lanes from the left and the flags at the right", function () {
      const each = {
        ...{ cpuMillicores: 1, memoryMiB: 2, diskMiB: 3, gpus: 4, gpuMemoryMiB: 5, benchmark: 6, bandwidthMbits: 7 },
      };

      expect(packResources({ ...each, flags: ["egress", "gpuIntel"] })).to.equal(
        `0x${[1, 2, 3, 4, 5, 6, 7, 0b100_0001].map((value) => value.toString(16).padStart(8, "0")).join("")}`,
      );
      expect(packResources(NO_RESOURCES)).to.equal(ZERO_HASH);
    });

    it("have one bit for each flag", function () {
      const bits = (Object.keys(FLAGS) as Flag[]).map((flag) => [
        flag,
        Number(packResources({ ...NO_RESOURCES, flags: [flag] })),
      ]);

      expect(Object.fromEntries(bits)).to.deep.equal({
        ...{ egress: 1, callback: 2, tee: 4, wasm: 8, gpuNvidia: 16, gpuAmd: 32, gpuIntel: 64 },
      });
      expect(Number(packResources({ ...NO_RESOURCES, flags: ["tee", "tee"] }))).to.equal(4);
    });

    it("are unpacked as they were packed", function () {
      fc.assert(
        fc.property(someResources, (resources) => {
          expect(unpackResources(packResources(resources))).to.deep.equal(resources);
        }),
      );
    });

    it("keep a full lane out of its neighbours, and refuse what no lane holds", function () {
      fc.assert(
        fc.property(someLane, (name) => {
          const full = { ...NO_RESOURCES, [name]: 0xffff_ffff };
          expect(unpackResources(packResources(full))).to.deep.equal(full);
          for (const value of [0x1_0000_0000, -1, 1.5, NaN]) {
            expect(() => packResources({ ...NO_RESOURCES, [name]: value })).to.throw(BadInputError, name);
          }
        }),
      );
      const unknown = ["teleport"] as unknown as Flag[];
      expect(() => packResources({ ...NO_RESOURCES, flags: unknown })).to.throw(BadInputError, "flags");
    });

    it("are read without the flags of later versions, and only from a whole word", function () {
      expect(unpackResources(flipped(ZERO_HASH, 31))).to.deep.equal(NO_RESOURCES);
      expect(() => unpackResources("0x00")).to.throw();
    });
  });

  describe("an offer that falls short of nothing", function () {
    const covers = (offered: Hash, required: Hash): boolean => shortfalls(offered, required).length === 0;

    it("holds of any word and itself, and of any word and nothing", function () {
      fc.assert(fc.property(someHash, (any) => covers(any, any) && covers(any, ZERO_HASH)));
    });

    it("asks for as much in every lane: equal is enough, one less is not", function () {
      fc.assert(
        fc.property(someResources, someLane, (resources, name) => {
          const need = { ...resources, [name]: Math.max(resources[name], 1) };
          const less = { ...need, [name]: need[name] - 1 };

          expect(covers(packResources(need), packResources(less))).to.equal(true);
          expect(shortfalls(packResources(less), packResources(need))).to.deep.equal([name]);
        }),
      );
    });

    it("weighs nothing up: more in one lane does not make up for less in another", function () {
      const offer = packResources({ ...NO_RESOURCES, cpuMillicores: 0xffff_ffff, flags: ["egress"] });

      expect(covers(offer, packResources({ ...NO_RESOURCES, bandwidthMbits: 1 }))).to.equal(false);
    });

    it("asks for every flag, those that this version does not know included", function () {
      fc.assert(
        fc.property(someHash, fc.nat({ max: 31 }), (any, bit) => {
          const [one, other] = [any, flipped(any, bit)];
          const [without, withFlag] = (BigInt(any) >> BigInt(bit)) & 1n ? [other, one] : [one, other];

          expect(covers(withFlag, without)).to.equal(true);
          expect(covers(without, withFlag)).to.equal(false);
          expect(shortfalls(without, withFlag)).to.have.lengthOf(1);
        }),
      );
    });
  });

  it("shortfalls name lanes first, then flags, unknown ones by their bit", function () {
    const known = packResources({ ...NO_RESOURCES, gpus: 1, memoryMiB: 1, flags: ["gpuAmd", "callback"] });

    expect(shortfalls(ZERO_HASH, flipped(known, 31))).to.deep.equal([
      ...["memoryMiB", "gpus", "callback", "gpuAmd", "flag 31"],
    ]);
  });
});
