import { expect } from "chai";
import { concat, id, keccak256, toBeHex } from "ethers";

import { toJson } from "../../../protocol/json.ts";
import {
  ORDER_KINDS,
  ORDER_SCHEMAS,
  ORDER_TYPES,
  orderHash,
  SignedAppOrderSchema,
  signingDomain,
} from "../../../protocol/orders.ts";
import type { OrderByKind, OrderKind } from "../../../protocol/orders.ts";
import { UNLIMITED, ZERO_HASH } from "../../../protocol/primitives.ts";
import { APP_ORDER, DATASET_ORDER, POOL_ORDER, REQUEST_ORDER } from "../../support/market-orders.ts";
import { account } from "./arbitraries.ts";
import { changed } from "./changed.ts";
import { eip712 } from "./eip712.ts";

const ORDERS: OrderByKind = { app: APP_ORDER, dataset: DATASET_ORDER, pool: POOL_ORDER, request: REQUEST_ORDER };
const DOMAIN = signingDomain(31_337n, account(0x3a));

const ASK = "uint128 price,uint256 volume,uint40 expiry,uint256 counter,bytes32 salt";
/** The types as people sign them: the field order is part of every hash. */
const TYPES: Record<OrderKind, string> = {
  app: `AppOrder(uint256 app,${ASK},uint256 onlyDataset,uint256 onlyPool,address onlyRequester)`,
  dataset: `DatasetOrder(uint256 dataset,${ASK},uint256 onlyApp,uint256 onlyPool,address onlyRequester)`,
  pool:
    `PoolOrder(uint256 pool,${ASK},uint256 onlyApp,uint256 onlyDataset,address onlyRequester,uint8 category,` +
    "uint32 maxTrust,bytes32 capabilities,uint8 lane,uint16 workerStake,uint16 schedulerShare,uint16 grace)",
  request:
    "RequestOrder(uint256 app,uint256 dataset,uint256 pool,uint128 maxAppPrice,uint128 maxDatasetPrice," +
    "uint128 maxPoolPrice,address requester,address payer,address beneficiary,address callback,uint32 trust," +
    "uint8 maxWeight,uint8 category,bytes32 requirements,bytes32 paramsHash,uint32 volume,uint256 nonce,uint40 expiry)",
};

const accepts = (kind: OrderKind, order: object): boolean => ORDER_SCHEMAS[kind].safeParse(order).success;
const fieldsOf = (kind: OrderKind): readonly { name: string; type: string }[] => Object.values(ORDER_TYPES[kind])[0]!;

/** The bounds of single fields that are tighter than their type: the last value accepted, and the first refused. */
const BOUNDS: readonly (readonly [OrderKind, string, ok: number, refused: number])[] = [
  ["pool", "category", 0, -1],
  ["pool", "category", 4, 5],
  ["pool", "workerStake", 10_000, 10_001],
  ["pool", "schedulerShare", 10_000, 10_001],
  ["pool", "grace", 7_200, 7_201],
  ["request", "trust", 2, 1],
  ["request", "maxWeight", 2, 1],
  ["request", "maxWeight", 127, 128],
  ["request", "category", 4, 5],
  ["request", "volume", 1, 0],
];
const TIGHTER = new Set(BOUNDS.map(([kind, field]) => `${kind} ${field}`));

describe("orders", function () {
  for (const kind of ORDER_KINDS) {
    const order = ORDERS[kind];

    describe(`of kind ${kind}`, function () {
      it("are read back from JSON as they were", function () {
        expect(ORDER_SCHEMAS[kind].parse(JSON.parse(toJson(order)))).to.deep.equal(order);
      });

      it("have exactly the fields that are signed", function () {
        const signed = fieldsOf(kind).map(({ name }) => name);

        expect(Object.keys(ORDER_SCHEMAS[kind].shape)).to.have.members(signed);
        expect(accepts(kind, { ...order, tip: 1n })).to.equal(false);
        for (const name of signed) expect(accepts(kind, { ...order, [name]: undefined }), name).to.equal(false);
      });

      it("hold in each number what its type holds, and no more", function () {
        for (const { name, type } of fieldsOf(kind)) {
          const bits = /^uint(\d+)$/.exec(type)?.[1];
          if (bits === undefined) continue;
          const limit = 2n ** BigInt(bits);
          expect(accepts(kind, { ...order, [name]: limit }), `${name} of 2^${bits}`).to.equal(false);
          expect(accepts(kind, { ...order, [name]: -1n }), `${name} of -1`).to.equal(false);
          if (!TIGHTER.has(`${kind} ${name}`)) {
            expect(accepts(kind, { ...order, [name]: limit - 1n }), `${name} of 2^${bits} - 1`).to.equal(true);
          }
        }
      });

      it("are lower case in addresses and hashes, however they came", function () {
        const hex = fieldsOf(kind).filter(({ type }) => !type.startsWith("uint"));
        const mixed = hex.map(({ name, type }) => [name, `0x${"aB".repeat(type === "address" ? 20 : 32)}`] as const);

        const read = ORDER_SCHEMAS[kind].parse({ ...order, ...Object.fromEntries(mixed) });

        expect(read).to.include(Object.fromEntries(mixed.map(([name, value]) => [name, value.toLowerCase()])));
      });

      it("hash as EIP-712 has it, over their fields in order", function () {
        const struct = keccak256(
          concat([
            id(TYPES[kind]),
            ...fieldsOf(kind).map(({ name }) => toBeHex(order[name as keyof typeof order], 32)),
          ]),
        );

        expect(orderHash(kind, order, DOMAIN)).to.equal(eip712(DOMAIN, struct));
      });

      it("hash otherwise with every field changed", function () {
        const names = Object.keys(order) as (keyof typeof order)[];
        const hashes = names.map((name) => orderHash(kind, changed(order, name), DOMAIN));

        expect(new Set([orderHash(kind, order, DOMAIN), ...hashes]).size).to.equal(names.length + 1);
      });

      it("hash otherwise on another chain and for another contract", function () {
        const elsewhere = [DOMAIN, signingDomain(1n, account(0x3a)), signingDomain(31_337n, account(0x3b))];

        expect(new Set(elsewhere.map((domain) => orderHash(kind, order, domain))).size).to.equal(3);
      });
    });
  }

  describe("bounds", function () {
    for (const [kind, field, ok, refused] of BOUNDS) {
      it(`${field} of a ${kind} order: ${ok} and not ${refused}`, function () {
        expect(accepts(kind, { ...ORDERS[kind], [field]: ok })).to.equal(true);
        expect(accepts(kind, { ...ORDERS[kind], [field]: refused })).to.equal(false);
      });
    }

    it("an ask may be of unlimited volume or used up, a request is finite", function () {
      expect(accepts("app", { ...APP_ORDER, volume: UNLIMITED })).to.equal(true);
      expect(accepts("app", { ...APP_ORDER, volume: 0n })).to.equal(true);
      expect(accepts("request", { ...REQUEST_ORDER, volume: UNLIMITED })).to.equal(false);
    });
  });

  describe("signed", function () {
    const accepted = (signed: object): boolean => SignedAppOrderSchema.safeParse(signed).success;

    it("carry any signature, or none when they are approved on chain", function () {
      expect(accepted({ order: APP_ORDER, signature: "0x" })).to.equal(true);
      expect(accepted({ order: APP_ORDER, signature: `0x${"1B".repeat(65)}` })).to.equal(true);
      expect(accepted({ order: APP_ORDER, signature: ZERO_HASH.slice(0, -1) })).to.equal(false);
      expect(accepted({ order: APP_ORDER })).to.equal(false);
    });

    it("carry nothing else, and no order of another kind", function () {
      expect(accepted({ order: APP_ORDER, signature: "0x", note: "" })).to.equal(false);
      expect(accepted({ order: DATASET_ORDER, signature: "0x" })).to.equal(false);
    });
  });
});
