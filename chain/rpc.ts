import type { JsonRpcApiProvider } from "ethers";

import { BadConfigError } from "../protocol/errors.ts";
import { WrongChainError } from "./errors.ts";
import { FailoverProvider } from "./failover-provider.ts";
import { createEndpoint } from "./rpc-endpoint.ts";
import type { Endpoint } from "./rpc-endpoint.ts";

export type ChainOptions = {
  /** JSON-RPC endpoints (http or https) of one chain, the preferred one first. */
  readonly rpcUrls: readonly string[];
  readonly chainId: number;
  /** For one attempt at one endpoint. Default 10,000 ms. */
  readonly timeoutMs?: number;
  /** How often all endpoints are tried, with growing pauses between, before a call fails. Default 3. */
  readonly rounds?: number;
  /** Pause after the first failed round; doubles with each. Default 250 ms. */
  readonly backoffMs?: number;
  /** Called for every failed attempt, also when another endpoint then answers. */
  readonly onFailure?: (url: string, error: unknown) => void;
};

/**
 * Connects to a chain over several endpoints and checks that those which answer serve the right one; each of the others
 * is checked when it first answers.
 * The provider stays with an endpoint while it answers and goes to the next when it does not. Calls of one turn of the
 * event loop travel as one JSON-RPC batch and so are answered by one node. A call that no endpoint answers throws
 * ChainUnreachableError; an answer is never made up. `destroy()` it at the end.
 * @throws WrongChainError | ChainUnreachableError; BadConfigError when there is no URL
 */
export async function connectChain(options: ChainOptions): Promise<JsonRpcApiProvider> {
  const { rpcUrls, chainId, timeoutMs = 10_000, rounds = 3, backoffMs = 250, onFailure = () => {} } = options;
  if (rpcUrls.length === 0) throw new BadConfigError("No RPC URL is given", { details: { problems: ["no RPC URL"] } });
  const endpoints = rpcUrls.map((url) => createEndpoint(url, chainId));
  await refuseWrongChains(endpoints, timeoutMs);

  const provider = new FailoverProvider({ chainId, endpoints, timeoutMs, rounds, backoffMs, onFailure });
  try {
    await provider.getBlockNumber();
    return provider;
  } catch (error) {
    provider.destroy();
    throw error;
  }
}

/** An endpoint of another chain is a mistake worth stopping for; one that is down is what the others are for. */
async function refuseWrongChains(endpoints: readonly Endpoint[], timeoutMs: number): Promise<void> {
  const question = { id: 1, jsonrpc: "2.0", method: "eth_chainId", params: [] } as const;
  const asked = endpoints.map((endpoint) => endpoint.send([question], AbortSignal.timeout(timeoutMs)));
  for (const answer of await Promise.allSettled(asked)) {
    if (answer.status === "rejected" && answer.reason instanceof WrongChainError) throw answer.reason;
  }
}
