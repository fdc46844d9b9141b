import { randomUUID } from "node:crypto";

import { HDNodeWallet, id as hashOf } from "ethers";

import { tagOf } from "../../protocol/ballot.ts";
import { dealIdOf, taskIdOf } from "../../protocol/deal.ts";
import type { Deal } from "../../protocol/deal.ts";
import { NO_RESOURCES, packResources, unpackResources } from "../../protocol/capabilities.ts";
import { manifestOf, digestOf } from "../../protocol/digest.ts";
import { paramsHashOf } from "../../protocol/params.ts";
import { ZERO_ADDRESS } from "../../protocol/primitives.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import type { Candidate } from "../../scheduler/domain/placement/placement.ts";
import { newTask } from "../../scheduler/domain/tasks/task-state.ts";
import type { TaskRecord } from "../../scheduler/domain/tasks/task-state.ts";
import { termsOf } from "../../scheduler/domain/tasks/task-terms.ts";
import type { Vote, VoteState } from "../../scheduler/domain/votes/vote-state.ts";

/** Records of a scheduler as tests need them: valid in every field, changed in those that matter. */

/** When the chain of these tests begins, in Unix seconds. */
export const GENESIS = 1_900_000_000;
export const PARAMS = JSON.stringify({ version: 1, args: ["go"] });

const MNEMONIC = "test test test test test test test test test test test junk";

export const walletOf = (index: number): HDNodeWallet =>
  HDNodeWallet.fromPhrase(MNEMONIC, undefined, `m/44'/60'/0'/0/${index}`);
export const addressOf = (index: number): Address => `0x${(index + 1).toString(16).padStart(40, "0")}`;

/** A deal of category 0 (deadline 3,000 s after it was opened): one task, trust 3, no grace, stake of 1,000 wei a vote. */
export function aDeal(changes: Partial<Deal> = {}): Deal {
  return {
    ...{
      app: 1n,
      dataset: 0n,
      pool: 1n,
      appOwner: addressOf(90),
      datasetOwner: ZERO_ADDRESS,
      poolOwner: addressOf(91),
    },
    ...{ requester: addressOf(92), payer: addressOf(92), beneficiary: addressOf(93), callback: ZERO_ADDRESS },
    ...{ appPrice: 10n, datasetPrice: 0n, poolPrice: 10_000n, poolStake: 3_000n, workerStake: 1_000n },
    ...{ schedulerShare: 500, grace: 0, lane: 0, category: 0, maxWeight: 16, trust: 3, volume: 1 },
    ...{ openedAt: GENESIS, requirements: packResources({ ...NO_RESOURCES, cpuMillicores: 1_000, memoryMiB: 128 }) },
    ...{ paramsHash: paramsHashOf(PARAMS), requestHash: hashOf("request") as Hash },
    ...changes,
  };
}

/** Id of a deal's first task. */
export const firstOf = (deal: Deal): Hash => taskIdOf(dealIdOf(deal), 0);

export const DIGEST = digestOf(manifestOf([], 0));
export const OTHER_DIGEST = digestOf(manifestOf([], 1));

/** A vote in any state; `digest` decides its tag. */
export function aVote(
  taskId: Hash,
  worker: Address,
  state: VoteState,
  changes: Partial<Vote> & { of?: Hash } = {},
): Vote {
  const { of = DIGEST, ...rest } = changes;
  const answered = !["leased", "running", "refused"].includes(state);
  return {
    leaseId: randomUUID(),
    worker,
    machine: hashOf(worker) as Hash,
    state,
    at: GENESIS,
    weight: "2",
    spare: { benchmark: 1_000, memoryMiB: 1_024 },
    since: GENESIS * 1_000,
    ...(answered ? { tag: tagOf(taskId, of) } : {}),
    ...rest,
  };
}

/** A task of {@link aDeal}; `votes` are made once its id is known. */
export function aTask(
  changes: Partial<TaskRecord> = {},
  { deal = aDeal(), index = 0, votes = () => [] as readonly Vote[] }: TaskMaking = {},
): TaskRecord {
  const task = newTask(dealIdOf(deal), index, termsOf(deal), GENESIS);
  return { ...task, state: "planned", votes: votes(task.taskId), ...changes };
}

type TaskMaking = {
  readonly deal?: Deal;
  readonly index?: number;
  readonly votes?: (taskId: Hash) => readonly Vote[];
};

export const CAPABILITIES = packResources({
  ...NO_RESOURCES,
  ...{ cpuMillicores: 4_000, memoryMiB: 4_096, diskMiB: 4_096, benchmark: 1_000 },
});

export function aCandidate(index: number, changes: Partial<Candidate> = {}): Candidate {
  const { capabilities = CAPABILITIES } = changes;
  return {
    worker: addressOf(index),
    machine: hashOf(`machine ${index}`) as Hash,
    capabilities: CAPABILITIES,
    platform: "linux/amd64",
    slots: 2,
    accepting: true,
    busy: [],
    weight: 2n,
    freeCover: 10_000n,
    cover: 10_000n,
    grade: "trusted",
    confirmed: 0,
    speed: unpackResources(capabilities).benchmark,
    reliability: 1,
    ...changes,
  };
}
