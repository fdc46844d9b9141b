import { z } from "zod";

import { AddressSchema, HashSchema } from "../protocol/primitives.ts";
import type { Hex } from "../protocol/primitives.ts";

/** Numbers as JSON-RPC writes them. */
const quantity = z.string().regex(/^0x[0-9a-fA-F]{1,64}$/, "must be a hexadecimal quantity");
const number = quantity.transform(Number);
const amount = quantity.transform(BigInt);
/** Unlike `HexSchema` without a bound: a settle's logs are long. */
const data = z
  .string()
  .regex(/^0x(?:[0-9a-fA-F]{2})*$/, "must be hex bytes")
  .transform((text) => text.toLowerCase() as Hex);

/** A log as nodes return it, in our words; a `RawLog`. */
export const RpcLogSchema = z
  .looseObject({
    address: AddressSchema,
    topics: z.array(HashSchema),
    data,
    blockNumber: number,
    blockHash: HashSchema,
    transactionHash: HashSchema,
    logIndex: number,
  })
  .transform(({ address, topics, data, blockNumber, blockHash, transactionHash, logIndex }) => ({
    address,
    topics,
    data,
    blockNumber,
    blockHash,
    transactionHash,
    logIndex,
  }));

/** A receipt as nodes return it. */
export const RpcReceiptSchema = z.looseObject({
  transactionHash: HashSchema,
  blockNumber: number,
  blockHash: HashSchema,
  gasUsed: amount,
  effectiveGasPrice: amount,
  status: number,
  logs: z.array(RpcLogSchema),
});

/** The newest block's number. */
export const RpcNumberSchema = number;

/** A block's header as nodes return it; null: there is no such block (yet). */
export const RpcBlockSchema = z
  .looseObject({
    number,
    hash: HashSchema,
    parentHash: HashSchema,
    logsBloom: z.string().regex(/^0x[0-9a-fA-F]{512}$/, "must be 256 bytes"),
  })
  .nullable();

const orNull = z.looseObject({}).nullable();

/** What a node can answer at all to the questions on which something depends. */
const ANSWER_SHAPES: Readonly<Record<string, z.ZodType>> = {
  eth_chainId: quantity,
  eth_blockNumber: quantity,
  eth_gasPrice: quantity,
  eth_maxPriorityFeePerGas: quantity,
  eth_estimateGas: quantity,
  eth_getBalance: quantity,
  eth_getTransactionCount: quantity,
  eth_call: data,
  eth_sendRawTransaction: HashSchema,
  eth_getTransactionByHash: orNull,
  eth_getTransactionReceipt: RpcReceiptSchema.nullable(),
  eth_getBlockByNumber: z.looseObject({ number: quantity, hash: HashSchema }).nullable(),
  eth_getLogs: z.array(RpcLogSchema),
};

/** Undefined for questions that are not listed: nothing is known of their answers. */
export function answerShapeOf(method: string): z.ZodType | undefined {
  return Object.hasOwn(ANSWER_SHAPES, method) ? ANSWER_SHAPES[method] : undefined;
}
