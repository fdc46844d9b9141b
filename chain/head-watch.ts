import type { JsonRpcPayload } from "ethers";

import type { GridmillError } from "../protocol/errors.ts";
import { NodeLagsError, WrongChainError } from "./errors.ts";
import { pause } from "./pause.ts";
import type { Endpoint } from "./rpc-endpoint.ts";
import { withinTime } from "./time-limit.ts";

type HeadWatchOptions = {
  readonly endpoints: readonly Endpoint[];
  readonly timeoutMs: number;
  /** How many blocks a node may be behind the others. */
  readonly maxLag: number;
  /** Pause between two comparisons, in milliseconds. */
  readonly compareMs: number;
  readonly onFailure: (endpoint: string, error: unknown) => void;
  /** Ends the comparing. */
  readonly signal: AbortSignal;
};

/** Knows which endpoints are of no use while others are. */
export interface HeadWatch {
  /** Asks all for their head, now. Never throws: one that does not answer says nothing. */
  compare(): Promise<void>;
  /** As of the last comparison. */
  leavesOut(endpoint: Endpoint): boolean;
}

const QUESTION: JsonRpcPayload = { id: 0, jsonrpc: "2.0", method: "eth_blockNumber", params: [] };

/**
 * Compares the heads of several endpoints again and again; a single one has nothing to be compared with. Left out is what
 * serves another chain, and what lags behind the middle of the heads (of two: the higher), so that one of three that makes
 * up a head misleads nobody. Why is said once, until the endpoint was of use again.
 */
export function createHeadWatch(options: HeadWatchOptions): HeadWatch {
  const { endpoints, maxLag, onFailure } = options;
  let leftOut: ReadonlySet<Endpoint> = new Set();

  async function compare(): Promise<void> {
    if (endpoints.length < 2) return;
    const found = await Promise.all(endpoints.map((endpoint) => headOf(endpoint, options)));
    const heads = found.flatMap((head) => (typeof head === "number" ? head : [])).sort((a, b) => a - b);
    const middle = heads[Math.floor(heads.length / 2)] ?? 0;
    const reasons = new Map<Endpoint, GridmillError>();
    for (const [index, head] of found.entries()) {
      const endpoint = endpoints[index]!;
      if (head instanceof WrongChainError) reasons.set(endpoint, head);
      else if (head !== undefined && head < middle - maxLag) reasons.set(endpoint, lags(endpoint.name, head, middle));
    }
    for (const [endpoint, why] of reasons) if (!leftOut.has(endpoint)) onFailure(endpoint.name, why);
    leftOut = new Set(reasons.keys());
  }

  if (endpoints.length > 1) void keepComparing(compare, options);
  return { compare, leavesOut: (endpoint) => leftOut.has(endpoint) };
}

/** Undefined when it does not say: whoever needs its answer hears why there is none. */
async function headOf(endpoint: Endpoint, options: HeadWatchOptions): Promise<number | WrongChainError | undefined> {
  try {
    const [answer] = await withinTime(options.timeoutMs, options.signal, (signal) => endpoint.send([QUESTION], signal));
    return answer && "result" in answer ? Number(answer.result) : undefined;
  } catch (error) {
    return error instanceof WrongChainError ? error : undefined;
  }
}

async function keepComparing(compare: () => Promise<void>, { compareMs, signal }: HeadWatchOptions): Promise<void> {
  for (;;) {
    await pause(compareMs, signal);
    if (signal.aborted) return;
    await compare();
  }
}

function lags(url: string, head: number, others: number): NodeLagsError {
  return new NodeLagsError(`${url} is at block ${head}, while others are at ${others}`, {
    details: { url, head, others },
    hint: "It is used again once it has caught up",
  });
}
