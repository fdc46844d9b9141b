import { createEventSource } from "../../chain/event-source.ts";
import type { ChainProvider } from "../../chain/rpc.ts";
import type { Deployment } from "../../protocol/deployment.ts";
import type { EventLookup } from "../ports.ts";

/** Finds single events by their place on the chain. */
export function createEventLookup(provider: ChainProvider, deployment: Deployment): EventLookup {
  const source = createEventSource({ provider, deployment });
  return {
    at: async ({ blockNumber, blockHash, logIndex }) => {
      const { events } = await source.read(blockNumber, blockNumber);
      return events.find((event) => event.blockHash === blockHash && event.logIndex === logIndex);
    },
  };
}
