import { id as hashOf, Transaction } from "ethers";

import { ChainRefusedError, ChainUnreachableError } from "../../../chain/errors.ts";
import type { Receipt } from "../../../chain/intent.ts";
import { revertError } from "../../../chain/revert-errors.ts";
import type { SenderChain } from "../../../chain/sender-chain.ts";
import type { Hash, Hex } from "../../../protocol/primitives.ts";

type FakeTx = { readonly hash: Hash; readonly data: string; readonly nonce: number; readonly maxFee: bigint };

/** A chain of one account that mines, drops, reverts and forgets as told. */
export interface FakeSenderChain {
  readonly chain: SenderChain;
  /** A block with all that waits and can go in. */
  mine(blocks?: number): void;
  /** Forgets what waits for a block. */
  dropWaiting(): void;
  /** Takes back the newest blocks; what was in them is forgotten too. */
  rollBack(blocks: number): void;
  /** Another program uses the next nonce. */
  spendNonce(): void;
  /** Transactions that offer less (wei per gas) stay out of blocks. */
  setPrice(maxFeePerGas: bigint): void;
  /** Calls with this data fail when simulated, and when mined. */
  revert(data: Hex, when: "simulated" | "mined"): void;
  setBalance(wei: bigint): void;
  silent(isSilent: boolean): void;
  /** Every `look` mines a block first. */
  mineOnLook(isOn: boolean): void;
  /** Data of all transactions in blocks, in order. */
  mined(): readonly string[];
  nonces(): readonly number[];
  /** Fee (wei per gas) of the first transaction in a block. */
  paid(): bigint;
}

const NO_REASON = "0x08c379a0" as Hex;

export function createFakeSenderChain(): FakeSenderChain {
  const waiting = new Map<number, FakeTx>();
  const reverting = { simulated: new Set<string>(), mined: new Set<string>() };
  let blocks: (readonly FakeTx[])[] = [[]];
  let price = 0n;
  let balance = 10n ** 20n;
  let isSilent = false;
  let minesOnLook = false;

  const inBlocks = (): readonly FakeTx[] => blocks.flat();
  const nextNonceAt = (block: number): number => blocks.slice(0, block + 1).flat().length;
  const nextNonce = (): number => inBlocks().length;

  function mine(count = 1): void {
    for (let block = 0; block < count; block++) {
      const included: FakeTx[] = [];
      for (let nonce = nextNonce(); (waiting.get(nonce)?.maxFee ?? -1n) >= price; nonce++) {
        included.push(waiting.get(nonce)!);
        waiting.delete(nonce);
      }
      blocks.push(included);
    }
  }

  function receiptOf(hash: Hash): Receipt | undefined {
    const blockNumber = blocks.findIndex((block) => block.some((tx) => tx.hash === hash));
    if (blockNumber === -1) return undefined;
    const blockHash = hashOf(`${blockNumber}`) as Hash;
    return { hash, blockNumber, blockHash, gasUsed: 21_000n, effectiveGasPrice: 1n, logs: [] };
  }

  const knows = (hash: Hash): boolean => [...inBlocks(), ...waiting.values()].some((tx) => tx.hash === hash);

  function broadcast(raw: Hex): void {
    const tx = Transaction.from(raw);
    const { nonce, data } = tx;
    const taken: FakeTx = { hash: tx.hash as Hash, data, nonce, maxFee: tx.maxFeePerGas! };
    if (knows(taken.hash)) return;
    const rival = waiting.get(nonce);
    if (nonce < nextNonce()) throw new ChainRefusedError("nonce too low");
    if (rival && taken.maxFee < (rival.maxFee * 11n) / 10n) throw new ChainRefusedError("underpriced");
    waiting.set(nonce, taken);
  }

  function answer<T>(give: () => T): Promise<T> {
    return isSilent ? Promise.reject(new ChainUnreachableError("silent")) : new Promise((resolve) => resolve(give()));
  }

  const chain: SenderChain = {
    chainId: 31_337,
    genesis: () => answer(() => hashOf("genesis") as Hash),
    estimate: ({ data }) =>
      answer(() => {
        if (reverting.simulated.has(data)) throw revertError(NO_REASON);
        return 21_000n;
      }),
    fees: () => answer(() => ({ maxFeePerGas: 100n, maxPriorityFeePerGas: 10n })),
    balanceOf: () => answer(() => balance),
    look: (_account, hashes) =>
      answer(() => {
        if (minesOnLook) mine();
        const hash = hashes.find((one) => receiptOf(one));
        const data = inBlocks().find((tx) => tx.hash === hash)?.data ?? "";
        const mined = hash && { receipt: receiptOf(hash)!, succeeded: !reverting.mined.has(data) };
        return { head: blocks.length - 1, nextNonce: nextNonce(), mined };
      }),
    nonceAt: (_account, block) => answer(() => nextNonceAt(block)),
    knows: (hash) => answer(() => knows(hash)),
    broadcast: (raw) => answer(() => broadcast(raw)),
    revertData: ({ data }) => answer(() => (reverting.mined.has(data) ? NO_REASON : undefined)),
  };

  return {
    chain,
    mine,
    dropWaiting: () => waiting.clear(),
    rollBack: (count) => {
      blocks = blocks.slice(0, -count);
    },
    spendNonce: () => {
      const nonce = nextNonce();
      waiting.delete(nonce);
      blocks.push([{ hash: hashOf(`foreign ${nonce}`) as Hash, data: "foreign", nonce, maxFee: 0n }]);
    },
    setPrice: (fee) => {
      price = fee;
    },
    revert: (data, when) => void reverting[when].add(data),
    setBalance: (wei) => {
      balance = wei;
    },
    silent: (silent) => {
      isSilent = silent;
    },
    mineOnLook: (isOn) => {
      minesOnLook = isOn;
    },
    mined: () => inBlocks().map(({ data }) => data),
    nonces: () => inBlocks().map(({ nonce }) => nonce),
    paid: () => inBlocks()[0]!.maxFee,
  };
}
