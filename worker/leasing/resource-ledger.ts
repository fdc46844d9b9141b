import type { Limits } from "../../protocol/lease.ts";

/** What the owner gives to tasks in all. */
export type Share = {
  /** Most tasks at a time. */
  readonly slots: number;
  readonly cpuMillicores: number;
  readonly memoryMiB: number;
  readonly diskMiB: number;
};

type Demand = Pick<Limits, "cpuMillicores" | "memoryMiB" | "diskMiB">;

/** Who uses how much of the owner's share. */
export interface ResourceLedger {
  /** Takes a slot and what the task needs; false, and nothing taken, when that is not free. */
  reserve(leaseId: string, demand: Demand): boolean;
  release(leaseId: string): void;
  free(): Share;
}

export function createResourceLedger(share: Share): ResourceLedger {
  const taken = new Map<string, Demand>();
  const left = (of: keyof Demand): number =>
    share[of] - [...taken.values()].reduce((sum, demand) => sum + demand[of], 0);
  const free = (): Share => ({
    slots: share.slots - taken.size,
    cpuMillicores: left("cpuMillicores"),
    memoryMiB: left("memoryMiB"),
    diskMiB: left("diskMiB"),
  });
  return {
    free,
    reserve: (leaseId, demand) => {
      if (!fits(demand, free())) return false;
      taken.set(leaseId, demand);
      return true;
    },
    release: (leaseId) => void taken.delete(leaseId),
  };
}

function fits(demand: Demand, free: Share): boolean {
  return (
    free.slots >= 1 &&
    demand.cpuMillicores <= free.cpuMillicores &&
    demand.memoryMiB <= free.memoryMiB &&
    demand.diskMiB <= free.diskMiB
  );
}
