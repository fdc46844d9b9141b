import type { EventSource } from "../../chain/event-source.ts";
import type { GridEventOf } from "../../chain/events.ts";
import { keptVotesHash } from "../../protocol/kept-votes.ts";
import type { KeptVote } from "../../protocol/settlement.ts";
import { ChainMovedError } from "../errors.ts";
import type { KeptTask, TaskPlace } from "./worker-chain.ts";

/** The chain as lists of kept votes are looked for in it: blocks by their number, and what happened in one. */
export type KeptListSource = Pick<EventSource, "read"> & {
  /** Unix seconds; undefined where there is no such block. */
  readonly timeOf: (block: number) => Promise<number | undefined>;
};

type Kept = GridEventOf<"TaskKept">;

/** The settles whose lists are remembered: tasks of one epoch are kept together. */
const REMEMBERED = 16;

/**
 * Finds the votes that are kept of a task. The chain stores only a hash of them and when they were kept; the list itself stands in
 * an event of the block of that time, which is looked for by halving: so no range is asked for that a node might refuse.
 * @param first where the contracts were deployed
 */
export function createKeptLists(
  source: KeptListSource,
  first: number,
): (place: TaskPlace, kept: KeptTask["kept"], last: number) => Promise<readonly KeptVote[]> {
  const known = new Map<number, Promise<readonly Kept[]>>();
  const eventsAt = (time: number, last: number): Promise<readonly Kept[]> => {
    const found = known.get(time) ?? readAt(source, time, first, last);
    known.set(time, found);
    found.catch(() => known.delete(time));
    if (known.size > REMEMBERED) known.delete([...known.keys()][0]!);
    return found;
  };
  return async ({ dealId, index }, { keptAt, votesHash }, last) => {
    const events = await eventsAt(keptAt, last);
    const own = events.filter((event) => event.dealId === dealId && event.index === index);
    const list = own.find(({ votes }) => keptVotesHash(votes) === votesHash);
    if (list) return list.votes;
    known.delete(keptAt);
    throw new ChainMovedError("The list of a task's kept votes is not in the block in which they were kept", {
      details: { dealId, index, keptAt },
    });
  };
}

async function readAt(source: KeptListSource, time: number, first: number, last: number): Promise<readonly Kept[]> {
  const events: Kept[] = [];
  // Some chains make several blocks a second.
  for (let block = await firstAt(source, time, first, last); block <= last; block++) {
    if ((await source.timeOf(block)) !== time) break;
    const page = await source.read(block, block);
    events.push(...page.events.filter((event) => event.kind === "TaskKept"));
  }
  return events;
}

/** The first block that is not older than `time`. */
async function firstAt(source: KeptListSource, time: number, first: number, last: number): Promise<number> {
  let [low, high] = [first, last];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const at = await source.timeOf(middle);
    if (at === undefined) throw new ChainMovedError(`The node has no block ${middle}`, { details: { block: middle } });
    if (at < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
