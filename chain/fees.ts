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
