import type { Hash } from "../protocol/primitives.ts";
import { ResultMismatchError } from "../sdk/errors.ts";
import type { Grid } from "../sdk/grid.ts";

/** What `task result --verify` says besides: the digest, once from the files and once from the chain. */
type ResultProof = {
  readonly verified: true;
  readonly onChain: Hash;
  readonly recomputed: Hash;
  readonly transactionHash: Hash;
};

/** @throws ResultMismatchError when the chain does not say what these files hash to */
export async function proofOf(grid: Grid, taskId: Hash, recomputed: Hash): Promise<ResultProof> {
  const settled = await grid.settlements.of(taskId);
  if (settled?.digest === recomputed) {
    return { verified: true, onChain: settled.digest, recomputed, transactionHash: settled.settle.transactionHash };
  }
  throw new ResultMismatchError(`The files hash to ${recomputed}, but the chain says ${settled?.digest ?? "nothing"}`, {
    hint: "Wait for the chain to confirm the settlement, then fetch it again",
    details: { taskId, digest: recomputed, onChain: settled?.digest },
  });
}

export function proofText({ recomputed, transactionHash }: ResultProof): string {
  return `digest ${recomputed}\n  recomputed from these files; TaskSettled says the same in ${transactionHash}`;
}
