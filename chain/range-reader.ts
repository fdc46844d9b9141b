import { ChainUnreachableError, RangeRefusedError } from "./errors.ts";
import type { EventPage, EventSource } from "./event-source.ts";

/** A page, and how far it reaches. */
export type RangePage = EventPage & { readonly toBlock: number };

/** After a success the next range is this much larger: nodes lift their limits seldom, and each refusal costs a call. */
const GROWTH = 1.1;

/**
 * Reads from `fromBlock` as far towards `lastBlock` as the node allows in one answer, and remembers how far that was.
 * @throws RangeRefusedError when the node refuses even a single block
 */
export function createRangeReader(
  source: EventSource,
  maxBlocks: number,
): (fromBlock: number, lastBlock: number) => Promise<RangePage> {
  let reach = maxBlocks;

  return async (fromBlock, lastBlock) => {
    for (;;) {
      const toBlock = Math.min(lastBlock, fromBlock + reach - 1);
      try {
        const page = await source.read(fromBlock, toBlock);
        reach = Math.min(maxBlocks, Math.ceil(reach * GROWTH));
        return { ...page, toBlock };
      } catch (error) {
        // A node may also fall silent over a range that is too large.
        if (error instanceof RangeRefusedError || error instanceof ChainUnreachableError) {
          reach = Math.max(1, Math.floor((toBlock - fromBlock + 1) / 2));
        }
        if (!(error instanceof RangeRefusedError) || toBlock === fromBlock) throw error;
      }
    }
  };
}
