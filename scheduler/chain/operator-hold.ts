import { NoGasMoneyError } from "../../chain/errors.ts";
import { boundedFees } from "../../chain/fees.ts";
import type { SenderChain } from "../../chain/sender-chain.ts";
import { noGasMoney } from "../../chain/simulate.ts";
import { GridmillError } from "../../protocol/errors.ts";
import type { Address } from "../../protocol/primitives.ts";
import { estimateSettleGas } from "../../protocol/settlement.ts";

/** How long what was found holds, in milliseconds. */
const FRESH_MS = 2_000;

/** Gas of a seal, and of the smallest settle there is: who cannot pay for these can settle nothing. */
const SEAL_GAS = 100_000n;
const SMALLEST_EPOCH_GAS =
  SEAL_GAS + estimateSettleGas({ deals: 1, tasks: 1, votes: 2, ballots: 2, callbacks: 0, open: true });

type HoldDeps = {
  readonly chain: Pick<SenderChain, "fees" | "balanceOf">;
  readonly operator: Address;
  /** Wei per gas; undefined: any. */
  readonly maxFeePerGas: bigint | undefined;
  /** Hears when it begins, and `undefined` when it is over. */
  readonly onChange: (why: GridmillError | undefined) => void;
};

/** Knows whether the operator could bring an epoch to the chain now: no work is given out that could not be paid. */
export interface OperatorHold {
  /** Undefined when it could, or when no node says. */
  why(): Promise<GridmillError | undefined>;
  /** A transaction failed: where that was for want of gas money, as much as it needs is waited for. */
  failed(error: unknown): void;
}

export function createOperatorHold({ chain, operator, maxFeePerGas, onChange }: HoldDeps): OperatorHold {
  let missing = 0n;
  let last: { readonly why: Promise<GridmillError | undefined>; readonly until: number } | undefined;
  let told: string | undefined;

  async function look(): Promise<GridmillError | undefined> {
    const [fees, balance] = await Promise.all([chain.fees(), chain.balanceOf(operator)]);
    const { maxFeePerGas: price } = boundedFees(fees, maxFeePerGas);
    const smallest = SMALLEST_EPOCH_GAS * price;
    const needed = missing > smallest ? missing : smallest;
    if (balance < needed) return noGasMoney(operator, undefined, { balance, needed });
    missing = 0n;
    return undefined;
  }

  async function lookAndTell(): Promise<GridmillError | undefined> {
    const why = await look().catch((error: unknown) => holding(error));
    if (why?.code !== told) onChange(why);
    told = why?.code;
    return why;
  }

  return {
    why: () => {
      if (!last || performance.now() > last.until) last = { why: lookAndTell(), until: performance.now() + FRESH_MS };
      return last.why;
    },
    failed: (error) => {
      if (!(error instanceof NoGasMoneyError)) return;
      const { needed } = error.details;
      missing = typeof needed === "bigint" ? needed : missing;
      last = undefined;
    },
  };
}

/** A chain that does not answer is no reason to stop: others say that. */
function holding(error: unknown): GridmillError | undefined {
  return error instanceof GridmillError && error.code === "GM_FEES_TOO_HIGH" ? error : undefined;
}
