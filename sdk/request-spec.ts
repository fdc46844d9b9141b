import type { Resources } from "../protocol/capabilities.ts";
import type { Address } from "../protocol/primitives.ts";

/** An input that goes to the pool before the match. */
export type Upload = { readonly name: string; readonly sha256: string; readonly bytes: number; readonly body: Blob };

/** What somebody wants computed. Prices in wei per task. */
export type RequestSpec = {
  readonly app: bigint;
  /** What every task reads as `/dataset/data`. Default: none. */
  readonly dataset?: bigint;
  /** Number of tasks; all of them are matched at once. */
  readonly volume: number;
  readonly category: number;
  /** 2: one newcomer's word is enough; 3 asks for two equal answers of newcomers. */
  readonly trust: number;
  readonly requirements: Resources;
  /** The exact params text, see `protocol/params.ts`. */
  readonly params: string;
  readonly uploads: readonly Upload[];
  /** Only this pool. Default: any. */
  readonly pool?: bigint;
  /** Default: no bound; what is signed is never more than what was offered. */
  readonly maxPoolPrice?: bigint;
  readonly maxAppPrice?: bigint;
  readonly maxDatasetPrice?: bigint;
  /** Most that one vote may weigh. Default 16. */
  readonly maxWeight?: number;
  /** Whose escrow pays, and who gets back what is refunded; has to allow it to the requester. Default: the requester. */
  readonly payer?: Address;
  /** Who may fetch the results beside the requester. Default: the requester. */
  readonly beneficiary?: Address;
  /** A contract that hears the answers, which its app writes for it. Default: none. */
  readonly callback?: Address;
};
