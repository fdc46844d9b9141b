import { categorySeconds } from "../../../protocol/categories.ts";
import { unpackResources } from "../../../protocol/capabilities.ts";
import { dealDeadline, taskPrice } from "../../../protocol/deal.ts";
import type { Deal } from "../../../protocol/deal.ts";

/** A deal may be overtaken by later ones for this part of its time: a short category waits less than a long one. */
const PATIENCE = 1 / 20;
/** What a price can buy: so many seconds for each doubling, and no more than so many. */
const SECONDS_A_DOUBLING = 60;
const LONGEST_START = 600;
const MILL = 10 ** 18;

/**
 * When it is a deal's turn among those of its requester, in Unix seconds; the earlier goes first. Deadline and price move it, once,
 * at the match: since every later deal has a later hour to begin with, none waits for ever (docs/placement.md).
 */
export function turnOf(deal: Deal): number {
  const time = dealDeadline(deal) - deal.openedAt;
  return Math.round(deal.openedAt + time * PATIENCE - headStart(deal));
}

/** Seconds by what is paid for an hour of a core, as far as the deal says what it takes. */
function headStart(deal: Deal): number {
  const cores = (unpackResources(deal.requirements).cpuMillicores || 1_000) / 1_000;
  const coreHours = (cores * categorySeconds(deal.category)) / 3_600;
  const paid = Number(taskPrice(deal)) / MILL / coreHours;
  return Math.min(LONGEST_START, SECONDS_A_DOUBLING * Math.log2(1 + paid));
}
