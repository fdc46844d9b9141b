import type { JsonRpcApiProvider } from "ethers";

import { BadConfigError } from "../protocol/errors.ts";
import { FailoverProvider } from "./failover-provider.ts";
import { postByFetch } from "./post.ts";
import type { Post } from "./post.ts";
import { createEndpoint } from "./rpc-endpoint.ts";

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
  /** How many blocks an endpoint may be behind the others before it is left out. Default 3. */
  readonly maxLag?: number;
  /** How often the heads of several endpoints are compared. Default 10,000 ms. */
  readonly compareMs?: number;
  /**
   * Called for every failed attempt, also when another endpoint then answers, and once for each endpoint that begins to be
   * left out. It is named by the origin of its URL: paths have keys in them.
   */
  readonly onFailure?: (endpoint: string, error: unknown) => void;
  /** How a node is reached; `fetch` by default, and `postOverHttp` for who calls it all day. */
  readonly post?: Post;
};

/** What rooms of ours need of a connection beyond ethers. */
export type ChainProvider = JsonRpcApiProvider & {
  /** To be called with what shows that the node which answers now has lied: another is asked from then on. */
  readonly distrust?: (why: Error) => void;
};

/**
 * Connects to a chain over several endpoints. Those that serve another chain, or are further behind the others than
 * `maxLag`, are left out for as long as that is so, and `onFailure` hears why.
 * The provider stays with an endpoint while it answers and goes to the next when it does not, or answers what no node can
 * answer; one that asks for a rest (Retry-After) gets it. Calls of one turn of the event loop travel as one JSON-RPC batch
 * and so are answered by one node. A call that no endpoint answers throws ChainUnreachableError; an answer is never made
 * up. `destroy()` it at the end.
 * @throws WrongChainError when all that answer serve another chain | ChainUnreachableError; BadConfigError when there is no URL
 */
export async function connectChain(options: ChainOptions): Promise<ChainProvider> {
  const { rpcUrls, chainId, post = postByFetch, ...rest } = options;
  if (rpcUrls.length === 0) throw new BadConfigError("No RPC URL is given", { details: { problems: ["no RPC URL"] } });
  const endpoints = rpcUrls.map((url) => createEndpoint(url, chainId, post));
  const provider = new FailoverProvider({ ...DEFAULTS, ...rest, chainId, endpoints });
  try {
    await provider.compareHeads();
    await provider.getBlockNumber();
    return provider;
  } catch (error) {
    provider.destroy();
    throw error;
  }
}

const DEFAULTS = {
  timeoutMs: 10_000,
  rounds: 3,
  backoffMs: 250,
  maxLag: 3,
  compareMs: 10_000,
  onFailure: (): void => {},
} as const;
