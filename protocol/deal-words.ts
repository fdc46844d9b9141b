import { BadInputError } from "./errors.ts";
import type { Deal } from "./deal.ts";
import type { Hex } from "./primitives.ts";

/** A deal as the contracts have it, a word each: what is narrow shares one. The order is that of `contracts/types/Deal.sol`. */
const DEAL_FIELDS = [
  "app",
  "dataset",
  "pool",
  "appOwner",
  "datasetOwner",
  "poolOwner",
  "requester",
  "payer",
  "beneficiary",
  "callback",
  "assetPrices",
  "poolMoney",
  "terms",
  "requirements",
  "paramsHash",
  "requestHash",
] as const satisfies readonly (keyof PackedDeal)[];

/** The fields of each shared word with their bits, from the most significant end. Twin of `AssetPrices`, `PoolMoney` and `Terms` in `contracts/types/`. */
const DEAL_WORDS = {
  assetPrices: { appPrice: 128, datasetPrice: 128 },
  poolMoney: { poolPrice: 128, poolStake: 128 },
  terms: {
    workerStake: 96,
    schedulerShare: 16,
    grace: 16,
    lane: 8,
    category: 8,
    maxWeight: 8,
    trust: 32,
    volume: 32,
    openedAt: 40,
  },
} as const;

type Words = typeof DEAL_WORDS;
type Word = keyof Words;
type Narrow = { [W in Word]: keyof Words[W] }[Word];

/** What calls and events carry in place of a {@link Deal}. */
export type PackedDeal = Omit<Deal, Narrow> & Readonly<Record<Word, bigint>>;

const WORDS = Object.entries(DEAL_WORDS) as readonly (readonly [Word, Readonly<Record<string, number>>])[];

/** @throws BadInputError when a field does not fit its place */
export function packDeal(deal: Deal): PackedDeal {
  const packed: Record<string, unknown> = { ...deal };
  for (const [word, fields] of WORDS) {
    let value = 0n;
    for (const [field, bits] of Object.entries(fields)) {
      const part = BigInt(deal[field as Narrow]);
      if (BigInt.asUintN(bits, part) !== part) throw new BadInputError(`The deal's ${field} is not of ${bits} bits`);
      value = (value << BigInt(bits)) | part;
      delete packed[field];
    }
    packed[word] = value;
  }
  return packed as PackedDeal;
}

/** A deal's words, in their order: what its id is the hash of. @throws BadInputError as {@link packDeal} */
export function dealWords(deal: Deal): readonly Hex[] {
  const packed = packDeal(deal);
  return DEAL_FIELDS.map((name): Hex => {
    const value: bigint | Hex = packed[name];
    return typeof value === "bigint" ? `0x${value.toString(16)}` : value;
  });
}

/** The fields of a packed deal, for `DealSchema` to parse. */
export function unpackDeal({ assetPrices, poolMoney, terms, ...wide }: PackedDeal): Record<keyof Deal, unknown> {
  const packed = { assetPrices, poolMoney, terms };
  const narrow: Record<string, bigint> = {};
  for (const [word, fields] of WORDS) {
    let rest = packed[word];
    for (const [field, bits] of Object.entries(fields).reverse()) {
      narrow[field] = BigInt.asUintN(bits, rest);
      rest >>= BigInt(bits);
    }
  }
  return { ...wide, ...narrow } as Record<keyof Deal, unknown>;
}
