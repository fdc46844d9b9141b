import type { JsonRpcApiProvider } from "ethers";

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
 * Connects to a chain over several endpoints and checks that it is the right one.
 * The provider stays with an endpoint while it answers and goes to the next when it does not. Calls of one turn of the
 * event loop travel as one JSON-RPC batch and so are answered by one node. A call that no endpoint answers throws
 * ChainUnreachableError; an answer is never made up.
 * @throws WrongChainError | ChainUnreachableError
 */
export async function connectChain(options: ChainOptions): Promise<JsonRpcApiProvider> {
  throw new Error(`being written: ${options.chainId}`);
}
