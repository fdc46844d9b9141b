import { parseUnits } from "ethers";

import type { TestGrid } from "../chain/grid.ts";
import { OPERATOR } from "../stage/stage-deals.ts";

/** Blocks of the new branch beyond those that are replaced: enough for whoever believes one. */
const BEYOND = 4;

/**
 * Replaces the newest blocks, back to the one in which the operator's last so many transactions begin, by others in which something
 * else has their nonces: what they did is lost for good. To be called while no scheduler runs that would send them again.
 */
export async function loseForGood(grid: TestGrid, transactions: number, blockSeconds = 1): Promise<void> {
  const { provider } = grid;
  const operator = grid.wallet(OPERATOR).connect(provider);
  const countAt = (block: number): Promise<number> => provider.getTransactionCount(operator.address, block);
  await provider.send("evm_setIntervalMining", [0]);
  const head = await provider.getBlockNumber();
  const end = await countAt(head);
  let block = head;
  while ((await countAt(block)) > end - transactions) block--;

  await grid.reorganise(head - block);
  // Anvil would mine again what it has taken out.
  await provider.send("anvil_dropAllTransactions", []);
  const fees = { maxFeePerGas: parseUnits("100", "gwei"), maxPriorityFeePerGas: parseUnits("1", "gwei") };
  for (let nonce = await countAt(head); nonce < end; nonce++) {
    await operator.sendTransaction({ to: operator.address, nonce, gasLimit: 21_000, ...fees });
  }
  await grid.mine(BEYOND);
  await provider.send("evm_setIntervalMining", [blockSeconds]);
}
