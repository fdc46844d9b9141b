import type { WorkerStatus } from "./http/status-server.ts";
import type { Equipment } from "./equip-worker.ts";
import { isKept } from "./voting/kept-votes.ts";
import { stakeAtRisk } from "./voting/stake.ts";

/** Looks at a running worker, for its owner. */
export async function workerStatus(equipment: Equipment): Promise<WorkerStatus> {
  const { address, agent, base, share, ledger, leases, votes, journal, accepting } = equipment;
  const ballots = journal.ballots.all();
  return {
    worker: address,
    pool: agent.pool() ?? null,
    poolUrl: base.href,
    connected: agent.pool() !== undefined,
    accepting: accepting(),
    slots: { total: share.slots, free: ledger.free().slots },
    running: leases.running().map(({ leaseId, taskId, since, stage }) => ({ leaseId, taskId, since, stage })),
    votes: countBy(votes.all().map(({ standing }) => standing)),
    ballots: {
      live: ballots.filter(({ ended }) => ended === undefined).length,
      atRisk: stakeAtRisk(ballots, votes.all()),
    },
    keptVotes: votes.all().filter(isKept).length,
    warnings: [...equipment.kept.warnings()],
    money: await moneyOf(equipment),
    rssBytes: process.memoryUsage.rss(),
  };
}

/** The page must answer when the chain does not. */
async function moneyOf({ link, address, log }: Equipment): Promise<WorkerStatus["money"]> {
  try {
    const [bond, funds] = await Promise.all([link.chain.bondOf(address), link.chain.fundsOf(address)]);
    return { bonded: bond.bonded, unbonding: bond.unbonding, available: funds.available };
  } catch (error) {
    log.debug({ err: error }, "no balances for the status page");
    return null;
  }
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
