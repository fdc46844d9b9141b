import type { GridmillError } from "../protocol/errors.ts";
import type { Hex } from "../protocol/primitives.ts";

/** A custom error as a contract threw it; `args` by name, addresses lower case. */
export type Revert = { readonly name: string; readonly args: Readonly<Record<string, unknown>> };

/** Reads revert data with the errors of all Gridmill contracts and OpenZeppelin; undefined when it is none of them. */
export function decodeRevert(data: Hex): Revert | undefined {
  throw new Error(`being written: ${data}`);
}

/** The error that users meet for a revert: one of the order errors, or ChainRevertedError. `details` has `error` and `args`. */
export function revertError(data: Hex | undefined, cause?: unknown): GridmillError {
  throw new Error(`being written: ${data} ${typeof cause}`);
}
