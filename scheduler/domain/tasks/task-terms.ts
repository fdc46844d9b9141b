import { categorySeconds } from "../../../protocol/categories.ts";
import { unpackResources } from "../../../protocol/capabilities.ts";
import { MIB } from "../../../protocol/constants.ts";
import { dealDeadline, hasCallback } from "../../../protocol/deal.ts";
import type { Deal } from "../../../protocol/deal.ts";
import type { Limits } from "../../../protocol/lease.ts";
import type { TaskParams } from "../../../protocol/params.ts";
import type { Address } from "../../../protocol/primitives.ts";
import { turnOf } from "../placement/turn.ts";

/** What a task inherits from its deal; kept in its document, so that deciding about a task reads one record. */
export type TaskTerms = {
  readonly requester: Address;
  /** When it is its deal's turn among those of its requester, in Unix seconds. */
  readonly turn: number;
  readonly lane: number;
  readonly trust: number;
  readonly maxWeight: number;
  /** Last Unix second at which an epoch may be sealed for it. */
  readonly deadline: number;
  /** It may be sealed only after this Unix second: the end of the deal's grace. */
  readonly sealAfter: number;
  /** What one vote puts at risk, in wei, in decimal. */
  readonly stake: string;
  readonly hasCallback: boolean;
  readonly limits: Limits;
};

/** Most tasks of a deal that a pool takes: all of them are kept, and looked at one by one. */
export const MAX_TASKS_PER_DEAL = 100_000;

/** What a container gets of a resource that the deal does not name. */
const DEFAULTS = { cpuMillicores: 1_000, memoryMiB: 512, diskMiB: 256 } as const;
const PIDS = 256;
const LOG_BYTES = MIB;

export function termsOf(deal: Deal): TaskTerms {
  return {
    requester: deal.requester,
    turn: turnOf(deal),
    lane: deal.lane,
    trust: deal.trust,
    maxWeight: deal.maxWeight,
    deadline: dealDeadline(deal),
    sealAfter: deal.openedAt + deal.grace,
    stake: deal.workerStake.toString(),
    hasCallback: hasCallback(deal),
    limits: limitsOf(deal),
  };
}

/** The limits of one task: its requester may want it ended sooner than the category has it. */
export function limitsFor({ limits }: TaskTerms, { seconds = limits.seconds }: Pick<TaskParams, "seconds">): Limits {
  return { ...limits, seconds: Math.min(limits.seconds, seconds) };
}

/** What the deal requires is also what its container may use. */
export function limitsOf({ requirements, category }: Pick<Deal, "requirements" | "category">): Limits {
  const required = unpackResources(requirements);
  const diskMiB = required.diskMiB || DEFAULTS.diskMiB;
  return {
    cpuMillicores: required.cpuMillicores || DEFAULTS.cpuMillicores,
    memoryMiB: required.memoryMiB || DEFAULTS.memoryMiB,
    diskMiB,
    fileMiB: diskMiB,
    pids: PIDS,
    logBytes: LOG_BYTES,
    seconds: categorySeconds(category),
  };
}
