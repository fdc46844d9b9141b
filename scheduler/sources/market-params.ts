import { MarketUnreachableError } from "../../protocol/market-errors.ts";
import { MAX_PARAMS_BYTES } from "../../protocol/params.ts";
import type { ParamsSource } from "../ports.ts";

const TIMEOUT_MS = 10_000;

/** Params texts from the market that has them by their hash; the caller checks that they hash to it. */
export function createMarketParams(marketUrl: string): ParamsSource {
  async function ask(path: string): Promise<{ readonly status: number; readonly bytes: Buffer }> {
    try {
      const answer = await fetch(new URL(path, marketUrl), { signal: AbortSignal.timeout(TIMEOUT_MS) });
      return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()) };
    } catch (cause) {
      throw new MarketUnreachableError(`The market at ${marketUrl} does not answer`, { cause });
    }
  }

  return {
    async fetch(hash) {
      const { status, bytes } = await ask(`/params/${hash}`);
      if (status === 404) return undefined;
      if (status !== 200) throw new MarketUnreachableError(`The market at ${marketUrl} answers HTTP ${status}`);
      return bytes.length <= MAX_PARAMS_BYTES ? bytes.toString("utf8") : undefined;
    },
  };
}
