import { dealIdOf, taskIdOf } from "../../../protocol/deal.ts";
import type { Lease } from "../../../protocol/lease.ts";
import { aDeal, GENESIS } from "../../support/scheduler-records.ts";

export const LEASE_ID = "6f2e1c9a-4b7d-4e21-9a53-0c1d2e3f4a5b";

/** A lease that is valid in every field. */
export function aLease(): Lease {
  const deal = aDeal();
  const dealId = dealIdOf(deal);
  return {
    ...{ leaseId: LEASE_ID, taskId: taskIdOf(dealId, 0), dealId, index: 0, deal },
    image: `registry.example/app@sha256:${"ab".repeat(32)}`,
    args: ["go"],
    env: { QUALITY: "high" },
    inputs: [{ name: "scene", sha256: "cd".repeat(32), bytes: 7 }],
    limits: {
      ...{ cpuMillicores: 1_000, memoryMiB: 128, diskMiB: 64, fileMiB: 64 },
      ...{ pids: 64, logBytes: 65_536, seconds: 300 },
    },
    expiresAt: GENESIS,
  };
}
