import { MAX_PARAMS_BYTES } from "../../protocol/params.ts";
import { MarketUnreachableError } from "../../protocol/market-errors.ts";
import type { ParamsSource } from "../ports.ts";

const TIMEOUT_MS = 10_000;

/** Params texts from the market that has them by their hash; the caller checks that they hash to it. */
export function createMarketParams(marketUrl: string): ParamsSource {
  return {
    async fetch(hash) {
      const url = new URL(`/params/${hash}`, marketUrl);
      const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch((cause: unknown) => {
        throw new MarketUnreachableError(`The market at ${marketUrl} does not answer`, { cause });
      });
      if (answer.status === 404) return undefined;
      if (!answer.ok) throw new MarketUnreachableError(`The market at ${marketUrl} answers HTTP ${answer.status}`);
      const text = await answer.text();
      return text.length <= MAX_PARAMS_BYTES ? text : undefined;
    },
  };
}
