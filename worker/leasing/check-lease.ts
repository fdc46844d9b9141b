import { categorySeconds } from "../../protocol/categories.ts";
import { dealDeadline, dealIdOf, taskIdOf } from "../../protocol/deal.ts";
import type { Lease } from "../../protocol/lease.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import type { WorkerChain } from "../chain/worker-chain.ts";
import { BadLeaseError, DealNotOpenError, ImageNotAllowedError, OtherPoolError } from "../errors.ts";
import { StakeLimitError, StakeUncoveredError } from "../errors.ts";

/** What the owner of this worker takes. */
export type LeasePolicy = {
  /** Most wei staked on one vote. */
  readonly maxStake: bigint;
  /** Images by the start of their reference, such as `docker.io/library/`; empty allows all. */
  readonly allowedImages: readonly string[];
};

/**
 * What can be told without asking anybody.
 * @throws BadLeaseError | OtherPoolError | StakeLimitError | ImageNotAllowedError
 */
export function checkLeaseItself(lease: Lease, pool: bigint, policy: LeasePolicy): void {
  const { deal, dealId, taskId, index, image, limits } = lease;
  if (dealIdOf(deal) !== dealId) throw new BadLeaseError("The deal does not hash to its id", { details: { dealId } });
  if (taskIdOf(dealId, index) !== taskId)
    throw new BadLeaseError("The task id is of another task", { details: { taskId } });
  if (index >= deal.volume)
    throw new BadLeaseError(`The deal has no task ${index}`, { details: { volume: deal.volume } });
  if (deal.pool !== pool) throw new OtherPoolError(`The deal is of pool ${deal.pool}`, { details: { pool } });
  if (limits.seconds > categorySeconds(deal.category)) {
    throw new BadLeaseError(`The deal pays for less than ${limits.seconds} seconds`, {
      details: { category: deal.category },
    });
  }
  if (deal.workerStake > policy.maxStake) {
    throw new StakeLimitError(`The vote would stake ${deal.workerStake} wei`, {
      details: { maxStake: policy.maxStake },
    });
  }
  if (!isAllowed(image, policy.allowedImages)) {
    throw new ImageNotAllowedError(`${image} is not among the owner's images`, { details: { image } });
  }
}

/**
 * What only the chain can tell: the deal is open, `confirmations` deep, with time left, image and dataset are those of the
 * deal, and the bond covers the stake.
 * @throws DealNotOpenError | BadLeaseError | StakeUncoveredError, or what the chain throws
 */
export async function checkLeaseOnChain(lease: Lease, worker: Address, chain: WorkerChain): Promise<void> {
  const { dealId, index, deal } = lease;
  const [task, bond] = await Promise.all([chain.taskOf(dealId, index), chain.bondOf(worker)]);
  const details = { dealId, index };
  if (!task.dealOpen) throw new DealNotOpenError("The chain does not show this deal as open yet", { details });
  if (task.taskClosed) throw new DealNotOpenError("The task is closed already", { details });
  if (task.now > dealDeadline(deal)) throw new DealNotOpenError("The deadline of the deal has passed", { details });
  if (bond.bonded < deal.workerStake) {
    throw new StakeUncoveredError(`The bond of ${bond.bonded} wei is less than the stake of ${deal.workerStake}`, {
      hint: "Bond more with `gridmill account bond`",
      details: { ...details, bonded: bond.bonded },
    });
  }
  await checkContents(lease, chain);
}

/** What the task is computed from: any other image or dataset would have us vote a wrong digest. @throws BadLeaseError */
async function checkContents({ deal, image, dataset }: Lease, chain: WorkerChain): Promise<void> {
  const app = await chain.imageDigestOf(deal.app);
  if (!app || !image.endsWith(`@sha256:${app.slice(2)}`)) {
    throw new BadLeaseError(`${image} is not the image of app ${deal.app}`, { details: { digest: app } });
  }
  const digest = deal.dataset === 0n ? undefined : await datasetOf(deal.dataset, chain);
  if (digest === (dataset && `0x${dataset.sha256}`)) return;
  throw new BadLeaseError(`The lease has not got dataset ${deal.dataset}`, { details: { dataset, digest } });
}

/** @throws BadLeaseError where there is no such dataset */
async function datasetOf(id: bigint, chain: WorkerChain): Promise<Hash> {
  const digest = await chain.datasetDigestOf(id);
  if (digest) return digest;
  throw new BadLeaseError(`There is no dataset ${id}`);
}

function isAllowed(image: string, allowed: readonly string[]): boolean {
  return allowed.length === 0 || allowed.some((start) => image.startsWith(start));
}
