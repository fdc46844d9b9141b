import { FeesTooHighError } from "./errors.ts";

/** What a transaction offers, in wei per gas (EIP-1559). */
export type Fees = { readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint };

/** Nodes take a replacement only for a tenth more; an eighth leaves room for rounding. */
function raised(fee: bigint): bigint {
  return (fee * 9n) / 8n + 1n;
}

/** Fees of a replacement: at least an eighth more than the last attempt, and what the market asks now. */
export function replacementFees(last: Fees, market: Fees): Fees {
  const most = (a: bigint, b: bigint): bigint => (a > b ? a : b);
  return {
    maxFeePerGas: most(raised(last.maxFeePerGas), market.maxFeePerGas),
    maxPriorityFeePerGas: most(raised(last.maxPriorityFeePerGas), market.maxPriorityFeePerGas),
  };
}

/**
 * Fees that offer no more than `most` wei per gas: less reserve for a rise of the base fee, and not a wei less tip.
 * @param most undefined: any
 * @throws FeesTooHighError when even what a block asks for now is more
 */
export function boundedFees(fees: Fees, most: bigint | undefined): Fees {
  const { maxFeePerGas, maxPriorityFeePerGas } = fees;
  if (most === undefined || maxFeePerGas <= most) return fees;
  // A node's offer has twice the base fee in it, for it to rise.
  const asked = (maxFeePerGas - maxPriorityFeePerGas) / 2n + maxPriorityFeePerGas;
  if (asked <= most) return { maxFeePerGas: most, maxPriorityFeePerGas };
  throw new FeesTooHighError(`Gas costs ${gwei(asked)} gwei now, and no more than ${gwei(most)} may be paid`, {
    details: { asked, most },
    hint: "Wait until gas is cheaper, or raise GRIDMILL_MAX_FEE_GWEI",
  });
}

function gwei(wei: bigint): string {
  return (Number(wei) / 1e9).toPrecision(3);
}
