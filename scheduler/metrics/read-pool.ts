import type { PoolContext } from "../actions/context.ts";
import { APP_STANDINGS, appAt } from "../domain/apps/app-standing.ts";
import { conductAt, GRADES } from "../domain/workers/conduct.ts";
import { isOver } from "../domain/epochs/epoch-state.ts";
import { TASK_STATES } from "../domain/tasks/task-state.ts";
import type { PoolMoney } from "./pool-money.ts";
import type { PoolReading } from "./pool-reading.ts";

/** A worker not heard of for this long is neither shown nor counted, in milliseconds. */
export const SHOWN_MS = 15_000;

/** What is read of a pool beside its stores. */
type OtherReads = {
  readonly jobs: () => Promise<PoolReading["jobs"]>;
  readonly quarantined: () => Promise<number>;
  readonly money: () => Promise<PoolMoney | undefined>;
};

/** Looks at everything that a scrape tells. */
export async function readPool(pool: PoolContext, reads: OtherReads): Promise<PoolReading> {
  const [tasks, votes, deals, atWork, apps, jobs, epochs, quarantined, nextDeadline, draining, money] =
    await Promise.all([
      readTasks(pool),
      pool.tasks.countVotes(),
      pool.deals.count(),
      readWorkers(pool),
      readApps(pool),
      reads.jobs(),
      readEpochs(pool),
      reads.quarantined(),
      pool.tasks.firstDeadline(),
      pool.drain.isOn(),
      reads.money(),
    ]);
  const chainTime = pool.chain.now();
  return { tasks, votes, deals, ...atWork, apps, jobs, epochs, quarantined, draining, chainTime, nextDeadline, money };
}

/** Lanes of the pool, from 0. */
export function lanesOf({ config }: PoolContext): readonly number[] {
  return Array.from({ length: config.lanes }, (_unused, lane) => lane);
}

function readTasks(pool: PoolContext): Promise<PoolReading["tasks"]> {
  const places = lanesOf(pool).flatMap((lane) => TASK_STATES.map((state) => ({ lane, state })));
  return Promise.all(places.map(async (at) => ({ ...at, count: await pool.tasks.countIn(at.lane, at.state) })));
}

async function readWorkers(pool: PoolContext): Promise<Pick<PoolReading, "workers" | "grades" | "slots">> {
  const alive = await pool.workers.alive(pool.clock.now() - SHOWN_MS);
  const counted = await Promise.all(
    alive.map(async ({ worker, slots, accepting, conduct }) => {
      const busy = (await pool.tasks.slotsOf(worker)).length;
      const state = busy > 0 ? "busy" : accepting ? "idle" : "resting";
      return {
        state,
        grade: conductAt(conduct, pool.clock.now()).grade,
        busy,
        free: accepting ? Math.max(0, slots - busy) : 0,
      };
    }),
  );
  const are = (wanted: string): number => counted.filter(({ state }) => state === wanted).length;
  const sum = (of: "busy" | "free"): number => counted.reduce((total, worker) => total + worker[of], 0);
  return {
    workers: { idle: are("idle"), busy: are("busy"), resting: are("resting") },
    grades: countBy(
      GRADES,
      counted.map(({ grade }) => grade),
    ),
    slots: { busy: sum("busy"), free: sum("free") },
  };
}

async function readApps(pool: PoolContext): Promise<PoolReading["apps"]> {
  const known = await pool.apps.all();
  return countBy(
    APP_STANDINGS,
    known.map((record) => appAt(record, pool.clock.now()).standing),
  );
}

function countBy<T extends string>(names: readonly T[], found: readonly T[]): Readonly<Record<T, number>> {
  const counts = names.map((name) => [name, found.filter((other) => other === name).length]);
  return Object.fromEntries(counts) as Record<T, number>;
}

async function readEpochs(pool: PoolContext): Promise<PoolReading["epochs"]> {
  const records = await Promise.all(lanesOf(pool).map((lane) => pool.epochs.current(lane)));
  return records.flatMap((record) => {
    if (!record || isOver(record.state)) return [];
    const seconds = record.since === undefined ? 0 : Math.max(0, (pool.clock.now() - record.since) / 1_000);
    return [{ lane: record.lane, phase: record.state, seconds }];
  });
}
