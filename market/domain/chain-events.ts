import type { Deal } from "../../protocol/deal.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";

import type { AssetKind } from "./chain-view.ts";

type At = { readonly blockNumber: number; readonly logIndex: number; readonly transactionHash: Hash };

/** What the book has to hear of the chain. Most of it only says what to read again; deals live in events alone. */
export type ChainEvent = At &
  (
    | { readonly kind: "asset"; readonly asset: AssetKind; readonly id: bigint; readonly from?: Address }
    | { readonly kind: "balance"; readonly account: Address }
    | { readonly kind: "allowance"; readonly payer: Address; readonly requester: Address }
    | { readonly kind: "counter"; readonly signer: Address }
    | { readonly kind: "matched"; readonly orders: readonly Hash[] }
    | { readonly kind: "cancelled"; readonly signer: Address; readonly orderHash: Hash }
    | { readonly kind: "deal-opened"; readonly dealId: Hash; readonly deal: Deal }
    | { readonly kind: "task-settled"; readonly dealId: Hash; readonly index: number; readonly digest: Hash }
    | { readonly kind: "deal-ended"; readonly dealId: Hash; readonly status: "declined" | "claimed" }
  );
