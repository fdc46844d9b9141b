import { createEventSource } from "../../chain/event-source.ts";
import { connectChain } from "../../chain/rpc.ts";
import type { Address } from "../../protocol/primitives.ts";

import type { LocalMarket } from "./local-market.ts";
import { blockNumber } from "./rpc.ts";

/** Every stake that was ever seized on this market, in wei, oldest first. */
export async function readSlashes({
  chainUrl,
  deployment,
}: Pick<LocalMarket, "chainUrl" | "deployment">): Promise<
  readonly { readonly worker: Address; readonly amount: bigint }[]
> {
  const provider = await connectChain({ rpcUrls: [chainUrl], chainId: deployment.chainId });
  try {
    const source = createEventSource({ provider, deployment, kinds: ["Slashed"] });
    const { events } = await source.read(deployment.block, await blockNumber(chainUrl));
    return events.flatMap((event) => (event.kind === "Slashed" ? [event] : []));
  } finally {
    provider.destroy();
  }
}
