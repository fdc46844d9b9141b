import { expect } from "chai";
import { AbiCoder, concat, keccak256, toBeHex } from "ethers";
import fc from "fast-check";

import { DEAL_TUPLE, dealDeadline, dealIdOf, DealSchema, taskIdOf, taskPrice } from "../../../protocol/deal.ts";
import type { Deal } from "../../../protocol/deal.ts";
import { toJson } from "../../../protocol/json.ts";
import { aDeal } from "../../support/scheduler-records.ts";
import { changed } from "./changed.ts";
import { someHash } from "./arbitraries.ts";

const FIELDS = Object.keys(aDeal()) as (keyof Deal)[];

describe("deals", function () {
  it("are read back from JSON as they were", function () {
    expect(DealSchema.parse(JSON.parse(toJson(aDeal())))).to.deep.equal(aDeal());
  });

  it("have no field that the contract does not know", function () {
    expect(DealSchema.safeParse({ ...aDeal(), tip: 1n }).success).to.equal(false);
    for (const field of FIELDS) {
      const { [field]: _gone, ...rest } = aDeal();
      expect(DealSchema.safeParse(rest).success, field).to.equal(false);
    }
  });

  it("name their fields in the order of the contract's struct", function () {
    const inTuple = /\((.*)\)/
      .exec(DEAL_TUPLE)![1]!
      .split(",")
      .map((field) => field.split(" ")[1]);

    expect(Object.keys(DealSchema.shape)).to.deep.equal(inTuple);
  });

  describe("dealIdOf", function () {
    it("is the hash of the 26 words of the struct", function () {
      const deal = aDeal();
      const words = Object.keys(DealSchema.shape).map((field) => toBeHex(deal[field as keyof Deal], 32));

      expect(words).to.have.lengthOf(26);
      expect(dealIdOf(deal)).to.equal(keccak256(concat(words)));
    });

    it("changes with every field", function () {
      const ids = FIELDS.map((field) => dealIdOf(changed(aDeal(), field)));

      expect(new Set([dealIdOf(aDeal()), ...ids]).size).to.equal(27);
    });
  });

  it("number their tasks: a task's id is the hash of the deal's and its index", function () {
    fc.assert(
      fc.property(someHash, fc.nat({ max: 2 ** 32 - 1 }), (dealId, index) => {
        const encoded = AbiCoder.defaultAbiCoder().encode(["bytes32", "uint256"], [dealId, index]);
        expect(taskIdOf(dealId, index))
          .to.equal(keccak256(encoded))
          .and.equal(keccak256(concat([dealId, toBeHex(index, 32)])));
      }),
    );
    expect(taskIdOf(dealIdOf(aDeal()), 0)).to.not.equal(taskIdOf(dealIdOf(aDeal()), 1));
  });

  it("end ten reference times after they were opened", function () {
    expect(dealDeadline(aDeal({ category: 0, openedAt: 5 }))).to.equal(3_005);
    expect(dealDeadline(aDeal({ category: 4, openedAt: 5 }))).to.equal(360_005);
  });

  it("cost per task the sum of the three prices, stakes apart", function () {
    const prices = { appPrice: 3n, datasetPrice: 50n, poolPrice: 700n };

    expect(taskPrice(aDeal({ ...prices, poolStake: 210n, workerStake: 7n }))).to.equal(753n);
  });
});
