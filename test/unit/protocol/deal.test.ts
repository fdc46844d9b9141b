import { expect } from "chai";
import { AbiCoder, concat, keccak256, toBeHex } from "ethers";
import fc from "fast-check";

import { INTERFACES } from "../../../chain/interfaces.ts";
import { packDeal } from "../../../protocol/deal-words.ts";
import { dealDeadline, dealIdOf, DealSchema, PackedDealSchema, taskIdOf, taskPrice } from "../../../protocol/deal.ts";
import type { Deal } from "../../../protocol/deal.ts";
import { BadInputError } from "../../../protocol/errors.ts";
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

  it("are read back from the words of calls and events as they were", function () {
    expect(PackedDealSchema.parse(packDeal(aDeal()))).to.deep.equal(aDeal());
  });

  it("share words: money in halves, and the narrow fields in one", function () {
    const { assetPrices, poolMoney, terms, ...wide } = packDeal(
      aDeal({ appPrice: 1n, datasetPrice: 2n, poolPrice: 3n, poolStake: 4n, workerStake: 5n }),
    );

    expect([assetPrices, poolMoney].map((word) => toBeHex(word, 32))).to.deep.equal([
      concat([toBeHex(1, 16), toBeHex(2, 16)]),
      concat([toBeHex(3, 16), toBeHex(4, 16)]),
    ]);
    const { schedulerShare, grace, lane, category, maxWeight, trust, volume, openedAt } = aDeal();
    const narrow = [toBeHex(5, 12), toBeHex(schedulerShare, 2), toBeHex(grace, 2), toBeHex(lane, 1)];
    const counts = [toBeHex(category, 1), toBeHex(maxWeight, 1), toBeHex(trust, 4), toBeHex(volume, 4)];
    expect(toBeHex(terms, 32)).to.equal(concat([...narrow, ...counts, toBeHex(openedAt, 5)]));
    expect(Object.keys(wide)).to.have.lengthOf(13);
  });

  it("are not packed where a field would run over into its neighbour", function () {
    for (const changes of [{ workerStake: 2n ** 96n }, { lane: 256 }, { appPrice: -1n }]) {
      expect(() => packDeal(aDeal(changes)), Object.keys(changes)[0]).to.throw(BadInputError, Object.keys(changes)[0]);
    }
  });

  describe("dealIdOf", function () {
    it("is the hash of the struct as the contracts take it", function () {
      const { inputs } = INTERFACES.hub.getFunction("decline")!;
      const encoded = AbiCoder.defaultAbiCoder().encode(inputs, [packDeal(aDeal())]);

      expect(encoded).to.have.lengthOf(2 + 16 * 64);
      expect(dealIdOf(aDeal())).to.equal(keccak256(encoded));
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
