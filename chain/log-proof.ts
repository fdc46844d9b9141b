import { getBytes, keccak256 } from "ethers";
import { z } from "zod";

import type { Hash, Hex } from "../protocol/primitives.ts";
import { ChainUnreachableError, NodeLiesError } from "./errors.ts";
import type { EventDecoder } from "./events.ts";
import type { RawLog } from "./intent.ts";
import type { ChainProvider } from "./rpc.ts";
import { RpcLogSchema } from "./rpc-schemas.ts";

/** What of a block's header shows whether a list of its logs can be true. */
type Header = { readonly number: number; readonly hash: Hash; readonly parentHash: Hash; readonly logsBloom: string };

type Filter = ReturnType<EventDecoder["filter"]>;

/** Whom to ask again, and for what. */
type Asked = { readonly provider: ChainProvider; readonly decoder: EventDecoder; readonly filter: Filter };

/** So many headers are read along with their logs; of a longer range, read when catching up, only both ends. */
const PROVEN_BLOCKS = 32;

/** The blocks whose headers are to be read along with the logs of a range, ascending. */
export function headersFor(fromBlock: number, toBlock: number): readonly number[] {
  const length = toBlock - fromBlock + 1;
  if (length > PROVEN_BLOCKS) return [fromBlock, toBlock];
  return Array.from({ length }, (_unused, index) => fromBlock + index);
}

/** Whether headers and logs are of more than one branch, or logs of blocks that were not asked for. */
export function isTorn(headers: readonly Header[], logs: readonly RawLog[]): boolean {
  const [first, last] = [headers[0]!, headers.at(-1)!];
  const hashes = new Map(headers.map(({ number, hash }) => [number, hash]));
  const isElsewhere = ({ blockNumber, blockHash }: RawLog): boolean =>
    blockNumber < first.number || blockNumber > last.number || (hashes.get(blockNumber) ?? blockHash) !== blockHash;
  const isBroken = ({ number, parentHash }: Header): boolean => (hashes.get(number - 1) ?? parentHash) !== parentHash;
  return logs.some(isElsewhere) || headers.some(isBroken);
}

/**
 * Looks again where a block's bloom filter says that there may be events of ours, and the node gave none: nodes are known
 * to answer so for blocks whose logs they have not indexed yet, and what is missed once is missed for ever.
 * @throws NodeLiesError when the block's receipts have one; then the provider distrusts the node
 */
export async function refuseGaps(headers: readonly Header[], logs: readonly RawLog[], asked: Asked): Promise<void> {
  const told = new Set(logs.map(({ blockNumber }) => blockNumber));
  for (const header of headers) {
    if (told.has(header.number) || !mayHold(header.logsBloom, asked.filter)) continue;
    const kept = (await logsIn(header, asked)).filter((log) => asked.decoder.decode(log) !== undefined);
    if (kept.some(({ topics }) => asked.filter.topics[0].includes(topics[0]!))) throw lied(header, asked.provider);
  }
}

function lied({ number }: Header, provider: ChainProvider): NodeLiesError {
  const error = new NodeLiesError(`The node kept back the events of block ${number}`, {
    details: { block: number },
    hint: "Give the URL of another node too; one that does this all the time cannot be used",
  });
  provider.distrust?.(error);
  return error;
}

const ReceiptsSchema = z.array(z.looseObject({ logs: z.array(RpcLogSchema) })).nullable();

/** What the block's receipts say: nodes find them by another way than logs. */
async function logsIn({ number, hash }: Header, { provider, filter }: Asked): Promise<readonly RawLog[]> {
  const receipts = await provider.send("eth_getBlockReceipts", [hash]).then(
    (answer) => ReceiptsSchema.safeParse(answer).data,
    (error: unknown) => {
      if (error instanceof ChainUnreachableError) throw error;
      return undefined; // not every node has the method
    },
  );
  if (receipts) return receipts.flatMap(({ logs }) => logs);
  const again = z.array(RpcLogSchema).safeParse(await provider.send("eth_getLogs", [{ ...filter, blockHash: hash }]));
  if (again.success) return again.data;
  throw new ChainUnreachableError(`The node does not say what is in block ${number}`, { details: { block: number } });
}

/** Whether a block with this bloom filter may have a log of these addresses and topics; "no" is certain. */
function mayHold(bloom: string, { address, topics }: Filter): boolean {
  const bits = getBytes(bloom);
  return address.some((one) => isIn(bits, one)) && topics[0].some((one) => isIn(bits, one));
}

/** Three bits of 2,048, named by the first three pairs of bytes of the hash (yellow paper, 4.3.1). */
function isIn(bits: Uint8Array, value: Hex): boolean {
  const hash = getBytes(keccak256(value));
  return [0, 2, 4].every((at) => {
    const bit = ((hash[at]! << 8) | hash[at + 1]!) & 2_047;
    return ((bits[255 - (bit >> 3)]! >> (bit & 7)) & 1) === 1;
  });
}
