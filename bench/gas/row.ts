import type { ContractTransactionReceipt, ContractTransactionResponse } from "ethers";

/** One line of the gas table: ours beside the reference's number and the target of design/protocol.md. */
export type GasRow = {
  readonly name: string;
  readonly gas: number;
  readonly reference?: number;
  readonly target?: number;
  /** For a settle: what `estimateSettleGas` says, which is never less. */
  readonly estimate?: number;
};

/** What the reference protocol takes for a whole task (init, contribute, reveal, finalize), by its number of votes. */
export const REFERENCE_TASK: Readonly<Record<number, number>> = { 1: 913_063, 3: 1_620_000, 5: 2_319_895 };

export function row(name: string, gas: bigint, more: Omit<GasRow, "name" | "gas"> = {}): GasRow {
  return { name, gas: Number(gas), ...more };
}

export async function gasOf(sending: Promise<ContractTransactionResponse>): Promise<bigint> {
  const receipt: ContractTransactionReceipt | null = await (await sending).wait();
  return receipt!.gasUsed;
}
