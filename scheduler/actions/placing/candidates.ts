import { voteWeight } from "../../../protocol/consensus.ts";
import type { Candidate, Demand } from "../../domain/placement/placement.ts";
import type { TaskRecord } from "../../domain/tasks/task-state.ts";
import type { DealRecord } from "../../store/tasks/deal-store.ts";
import type { PoolContext } from "../context.ts";
import type { Member } from "./crowd.ts";

/** What placement decides by. */

/** What the deal asks of a worker, now. */
export function demandOf({ config, chain }: PoolContext, { deal, weights }: DealRecord): Demand {
  const { platform, sameMachineVotes } = config;
  const own = weights === undefined ? {} : { weights };
  return { requirements: deal.requirements, ...own, platform, sameMachineVotes, now: chain.now() };
}

/** Workers as a task's placement sees them. */
export function candidatesOf(members: readonly Member[], task: TaskRecord): readonly Candidate[] {
  return members.map((member) => candidateOf(member, task));
}

export function candidateOf({ score, ...member }: Member, { terms }: TaskRecord): Candidate {
  return { ...member, weight: voteWeight(score, terms.maxWeight) };
}
