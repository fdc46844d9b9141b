import { loadWallet } from "../../chain/node/wallet.ts";
import type { ChainReader } from "../../chain/reader.ts";
import type { SenderChain } from "../../chain/sender-chain.ts";
import type { SenderJournal } from "../../chain/sender-journal.ts";
import { createSender } from "../../chain/sender.ts";
import type { TransactionSender } from "../../chain/sender.ts";
import { NotFoundError } from "../../protocol/errors.ts";
import type { Address } from "../../protocol/primitives.ts";
import type { SchedulerConfig } from "../config.ts";
import { NotOperatorError } from "../errors.ts";
import type { PoolClock } from "../ports.ts";

/** How often the fate of open transactions is looked at, in milliseconds. */
const SENDER_POLL_MS = 250;

type SenderDeps = {
  readonly config: SchedulerConfig;
  readonly chain: SenderChain;
  readonly reader: ChainReader;
  readonly journal: SenderJournal;
  readonly clock: PoolClock;
  readonly onError: (error: unknown) => void;
};

/**
 * The sender of the operator's key.
 * @throws NotOperatorError when the registry names another operator, NotFoundError when there is no such pool
 */
export async function openSender({
  config,
  chain,
  reader,
  journal,
  clock,
  onError,
}: SenderDeps): Promise<TransactionSender> {
  const signer = await loadWallet(config.key);
  await checkOperator(reader, config.pool, signer.address.toLowerCase() as Address);
  const { confirmations, maxFeePerGas } = config;
  return createSender({
    chain,
    signer,
    journal,
    confirmations,
    maxFeePerGas,
    pollMs: SENDER_POLL_MS,
    now: clock.now,
    onError,
  });
}

async function checkOperator(reader: ChainReader, id: bigint, operator: Address): Promise<void> {
  const pool = await reader.poolOf(id);
  if (!pool)
    throw new NotFoundError(`There is no pool ${id} on chain ${reader.chainId}`, { hint: "gridmill pool create" });
  if (pool.operator === operator) return;
  throw new NotOperatorError(`The key is ${operator}, but pool ${id} names ${pool.operator} as its operator`, {
    hint: "Use the operator's key, or let the pool's owner name this one",
  });
}
