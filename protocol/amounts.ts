import { formatUnits, parseUnits } from "ethers";

import { BadInputError } from "./errors.ts";

/** Wei per MILL: 10^18. */
export const MILL = 10n ** 18n;
const DECIMALS = 18;

/**
 * Reads an amount typed in MILL, such as `1.5`.
 * @returns wei
 * @throws BadInputError when it is negative, not decimal, or finer than 18 decimals
 */
export function parseMill(text: string): bigint {
  if (!/^\d{1,30}(\.\d{1,18})?$/.test(text)) {
    throw new BadInputError(`"${text}" is not an amount in MILL`, {
      hint: "Write a decimal number with at most 18 decimals, such as 1.5",
      details: { text },
    });
  }
  return parseUnits(text, DECIMALS);
}

/** Writes wei as MILL without trailing zeros: `1.5`, `2`. */
export function formatMill(wei: bigint): string {
  return formatUnits(wei, DECIMALS).replace(/\.0$/, "");
}
