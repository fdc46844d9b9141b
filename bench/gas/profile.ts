/** Where the gas of one settle goes, by what its opcodes do. */
import { getBytes } from "ethers";

import { ethers } from "../../test/contracts/support/chain.ts";
import type { Market } from "../../test/contracts/support/market.ts";
import { castsOn, oneDealOf, playRound } from "./rounds.ts";

const TASKS = 100;
const VOTES = 3;
const BASE_GAS = 21_000;
const [ZERO_BYTE_GAS, BYTE_GAS] = [4, 16];
/** The price of `ecrecover`. */
const RECOVERY_GAS = 3_000;

type Step = { readonly op: string; readonly gasCost: number; readonly depth: number };

/** Shares of a settle of 100 tasks of 3 votes in one deal; they add up to 1. `calldataBytes` is per task. */
export type GasProfile = {
  readonly gas: number;
  readonly calldataBytes: number;
  readonly base: number;
  readonly calldata: number;
  readonly signatures: number;
  readonly hashing: number;
  readonly storage: number;
  readonly events: number;
  readonly computing: number;
};

export async function profileSettle(market: Market): Promise<GasProfile> {
  const casts = castsOn(await oneDealOf(market, TASKS), market.workers, VOTES);
  const { settling } = await playRound(market, { casts });
  const receipt = await settling.wait();
  const gas = Number(receipt!.gasUsed);
  const steps = await stepsOf(settling.hash);
  const spent = (...ops: readonly string[]): number =>
    steps.filter(({ op }) => ops.includes(op)).reduce((sum, { gasCost }) => sum + gasCost, 0);
  const parts = {
    base: BASE_GAS,
    calldata: calldataGas(settling.data),
    signatures: market.workers.length * RECOVERY_GAS,
    hashing: spent("KECCAK256"),
    storage: spent("SLOAD", "SSTORE"),
    events: spent("LOG0", "LOG1", "LOG2", "LOG3", "LOG4"),
  };
  const known = Object.values(parts).reduce((sum, part) => sum + part, 0);
  const share = (part: number): number => Number((part / gas).toFixed(4));
  const shares = Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, share(part)]));
  const calldataBytes = Math.round(getBytes(settling.data).length / TASKS);
  return { gas, calldataBytes, ...(shares as Record<keyof typeof parts, number>), computing: share(gas - known) };
}

async function stepsOf(hash: string): Promise<readonly Step[]> {
  const quiet = { disableMemory: true, disableStack: true, disableStorage: true };
  const { structLogs } = (await ethers.provider.send("debug_traceTransaction", [hash, quiet])) as {
    readonly structLogs: readonly Step[];
  };
  return structLogs;
}

function calldataGas(data: string): number {
  return getBytes(data).reduce((sum, byte) => sum + (byte === 0 ? ZERO_BYTE_GAS : BYTE_GAS), 0);
}
