import { toQuantity } from "ethers";
import { z } from "zod";

import type { GridEventKind, GridEventOf } from "../chain/events.ts";
import { AddressSchema, HashSchema, HexSchema } from "../protocol/primitives.ts";
import type { Hash } from "../protocol/primitives.ts";

import type { GridContext } from "./grid-context.ts";

export type LogQuery<K extends GridEventKind> = {
  readonly kind: K;
  readonly fromBlock: number;
  /** Default: the newest. */
  readonly toBlock?: number;
  /** The event's first indexed value, as a word; `null` for any. */
  readonly first?: Hash | null;
  readonly second?: Hash | null;
};

/** The events of one kind, oldest first. */
export async function readEvents<K extends GridEventKind>(
  { provider, decoder }: GridContext,
  { kind, fromBlock, toBlock, first = null, second = null }: LogQuery<K>,
): Promise<readonly GridEventOf<K>[]> {
  const { address, topics } = decoder.filter([kind]);
  const logs = await provider.getLogs({
    address: [...address],
    topics: withoutTail([[...topics[0]], first, second]),
    fromBlock,
    toBlock: toBlock ?? "latest",
  });
  const events = logs.map(({ topics: words, index, ...log }) =>
    decoder.decode({ ...log, ...RawSchema.parse({ ...log, topics: words }), logIndex: index }),
  );
  return events.filter((event): event is GridEventOf<K> => event?.kind === kind);
}

/** Many nodes take a `null` at the end as "there is such a topic", which drops events that have fewer. */
function withoutTail<T>(topics: readonly (T | null)[]): (T | null)[] {
  return topics.slice(0, topics.findLastIndex((topic) => topic !== null) + 1);
}

const RawSchema = z.object({
  address: AddressSchema,
  topics: z.array(HashSchema),
  data: HexSchema,
  blockHash: HashSchema,
  transactionHash: HashSchema,
});

/** A number as the word that topics hold. */
export function wordOf(value: bigint | number): Hash {
  return `0x${toQuantity(value).slice(2).padStart(64, "0")}`;
}
