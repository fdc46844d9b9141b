import fc from "fast-check";

import { DealSchema } from "../../../protocol/deal.ts";
import type { Deal } from "../../../protocol/deal.ts";
import type { Address, Hash, Hex } from "../../../protocol/primitives.ts";
import { loadTestConfig } from "../../support/config.ts";

/** How often a property is tried: each try asks the chain. */
export const RUNS = { numRuns: loadTestConfig().full ? 1_000 : 25 };

export const uint = (bits: number): fc.Arbitrary<bigint> =>
  fc.oneof(
    { weight: 8, arbitrary: fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n }) },
    { weight: 1, arbitrary: fc.constantFrom(0n, 1n, 2n ** BigInt(bits) - 1n) },
  );
export const small = (bits: 8 | 16 | 32 | 40): fc.Arbitrary<number> => uint(bits).map(Number);

const hex = (bytes: number): fc.Arbitrary<Hex> =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((data) => `0x${Buffer.from(data).toString("hex")}` as const);
export const hash: fc.Arbitrary<Hash> = hex(32);
export const address: fc.Arbitrary<Address> = hex(20);

/** Any value of an EIP-712 or ABI field of this type. */
export function fieldOf(type: string): fc.Arbitrary<unknown> {
  if (type === "address") return address;
  if (type === "bytes32") return hash;
  return uint(Number(type.replace("uint", "")));
}

/** Any struct of these fields. */
export function structOf(fields: readonly { name: string; type: string }[]): fc.Arbitrary<Record<string, unknown>> {
  return fc.record(Object.fromEntries(fields.map(({ name, type }) => [name, fieldOf(type)])));
}

const DEAL_FIELDS =
  "uint256 app,uint256 dataset,uint256 pool,address appOwner,address datasetOwner,address poolOwner,address requester," +
  "address payer,address beneficiary,address callback,uint128 appPrice,uint128 datasetPrice,uint128 poolPrice," +
  "uint128 poolStake,uint96 workerStake,uint16 schedulerShare,uint16 grace,uint8 lane,uint8 maxWeight,uint32 trust," +
  "uint32 volume,uint40 openedAt,bytes32 requirements,bytes32 paramsHash,bytes32 requestHash";

/** Any deal of an existing category. */
export const deal: fc.Arbitrary<Deal> = fc
  .tuple(
    structOf(
      DEAL_FIELDS.split(",").map((field) => {
        const [type, name] = field.split(" ") as [string, string];
        return { type, name };
      }),
    ),
    fc.integer({ min: 0, max: 4 }),
  )
  .map(([fields, category]) => DealSchema.parse({ ...fields, category }));
