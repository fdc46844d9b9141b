import { randomUUID } from "node:crypto";

import { ChainUnreachableError } from "../../../chain/errors.ts";
import { tagOf } from "../../../protocol/ballot.ts";
import { SETTLE_WINDOW_SECONDS } from "../../../protocol/constants.ts";
import { dealDeadline, dealIdOf, taskIdOf } from "../../../protocol/deal.ts";
import type { Deal } from "../../../protocol/deal.ts";
import { digestOf } from "../../../protocol/digest.ts";
import type { Hash } from "../../../protocol/primitives.ts";
import type { TaskRecord } from "../../../scheduler/domain/tasks/task-state.ts";
import { HONEST, WRONG } from "../scheduler-worker.ts";
import type { FakeWorker, Manners } from "../scheduler-worker.ts";
import { PARAMS } from "../scheduler-records.ts";

import type { MortalWorld } from "./mortal-world.ts";

/** Something that goes wrong besides the deaths, up to the end of its deal. */
export type Mishap = { readonly name: string; readonly happens: (world: MortalWorld) => Promise<void> };

const firstOf = (deal: Deal): Hash => taskIdOf(dealIdOf(deal), 0);
const taskOf = async (world: MortalWorld, deal: Deal): Promise<TaskRecord | undefined> =>
  world.pool.tasks.get(firstOf(deal));
const taskIs = (world: MortalWorld, deal: Deal, state: string) => async (): Promise<boolean> =>
  (await taskOf(world, deal))?.state === state;
const voteIs = (world: MortalWorld, deal: Deal, state: string) => async (): Promise<boolean> =>
  (await taskOf(world, deal))?.votes.some((vote) => vote.state === state) ?? false;
const epochIs = (world: MortalWorld, state: string) => async (): Promise<boolean> =>
  (await world.pool.epochs.current(0))?.state === state;
const stageIs = (world: MortalWorld, deal: Deal, stage: string) => async (): Promise<boolean> =>
  (await world.pool.deals.get(dealIdOf(deal)))?.stage === stage;

/** Everybody is honest from now on. */
function amend(...workers: readonly FakeWorker[]): void {
  for (const worker of workers) worker.manners = {};
}

async function settles(world: MortalWorld, deal: Deal): Promise<void> {
  await world.drive("settled", world.isSettled(deal));
  await world.drive("noted", taskIs(world, deal, "settled"));
  await world.drive("closed", stageIs(world, deal, "closed"));
}

/** Two workers of these manners, and two honest ones that come when something has happened. */
const helped = (
  name: string,
  manners: readonly [Manners, Manners],
  happened: (world: MortalWorld, deal: Deal) => () => Promise<boolean>,
  changes: Partial<Deal> = {},
): Mishap => ({
  name,
  happens: async (world: MortalWorld): Promise<void> => {
    for (const [index, how] of manners.entries()) await world.connect(index + 1, how);
    const deal = world.openDeal(changes);
    await world.drive("it to happen", happened(world, deal));
    for (const index of [3, 4]) await world.connect(index);
    await settles(world, deal);
  },
});

/** A worker says that it has computed, out of turn. */
async function sayComputed(world: MortalWorld, deal: Deal, worker: FakeWorker, leaseId: string): Promise<void> {
  const tag = tagOf(firstOf(deal), digestOf(HONEST));
  await world.survive(() =>
    world.world.hear(worker.address, { type: "computed", leaseId, taskId: firstOf(deal), tag }),
  );
}

/** The deal is given back on chain by somebody else with the operator's key. */
const declinedWhile = (state: string, manners: Manners, workers = 2): Mishap => ({
  name: `a deal that is declined on chain while its task is ${state}`,
  happens: async (world: MortalWorld): Promise<void> => {
    for (let index = 1; index <= workers; index++) await world.connect(index, manners);
    const deal = world.openDeal({ grace: 1_000 });
    await world.drive(state, taskIs(world, deal, state));
    declineByHand(world, deal);
    await world.drive("declined", taskIs(world, deal, "declined"));
    await world.drive("over", stageIs(world, deal, "declined"));
  },
});

function declineByHand({ world: { hub } }: MortalWorld, deal: Deal): void {
  hub.closed.set(dealIdOf(deal), "declined");
  hub.events.push({ kind: "DealDeclined", dealId: dealIdOf(deal) });
}

const expiresWhile = (state: string, manners: Manners, workers = 2): Mishap => ({
  name: `a deadline that passes while the task is ${state}`,
  happens: async (world: MortalWorld): Promise<void> => {
    for (let index = 1; index <= workers; index++) await world.connect(index, manners);
    const deal = world.openDeal();
    await world.drive(state, taskIs(world, deal, state));
    await expires(world, deal);
  },
});

async function expires(world: MortalWorld, deal: Deal): Promise<void> {
  world.passTime(dealDeadline(deal) + 1);
  await world.drive("expired", taskIs(world, deal, "expired"));
  world.passTime(dealDeadline(deal) + SETTLE_WINDOW_SECONDS + 1);
  await world.drive("claimed", taskIs(world, deal, "claimed"));
  await world.drive("over", stageIs(world, deal, "closed"));
}

/** The pool is kept from taking a task any further than `open`: the chain does not answer its next question. */
async function openTask(world: MortalWorld): Promise<Deal> {
  const countClosed = (): Promise<number> => Promise.reject(new ChainUnreachableError("no node answers"));
  world.change({ countClosed });
  const deal = world.openDeal({ grace: 1_000 });
  await world.drive("open", taskIs(world, deal, "open"));
  return deal;
}

const down = (): Promise<never> => Promise.reject(new ChainUnreachableError("no node answers"));

/** The chain does not answer the operator until an epoch is too old. */
const stuckAt = (state: string, seconds: number, manners: Manners = {}): Mishap => ({
  name: `an epoch that is ${state} for too long`,
  happens: async (world: MortalWorld): Promise<void> => {
    const workers = [await world.connect(1, manners), await world.connect(2, manners)];
    if (state === "sealing") world.change({ seal: down });
    if (state === "settling") world.change({ settle: down });
    const deal = world.openDeal({ category: 4 });
    await world.drive(state, epochIs(world, state));
    world.passTime(world.world.hub.now + seconds);
    amend(...workers);
    world.change({});
    await settles(world, deal);
  },
});

/** Everything that may go wrong in a pool, so that together every move of its tables is made. */
export const MISHAPS: readonly Mishap[] = [
  helped("a worker that votes for something else", [{}, { text: WRONG }], (world, deal) =>
    voteIs(world, deal, "computed"),
  ),
  helped("a machine that is too small", [{}, { text: "fail memory\n" }], (world, deal) =>
    voteIs(world, deal, "failed"),
  ),
  helped("a worker that refuses", [{}, { refuses: { code: "GM_NO_CAPACITY", after: "lease" } }], (world, deal) =>
    voteIs(world, deal, "refused"),
  ),
  helped("a worker that fails", [{}, { refuses: { code: "GM_IMAGE_NOT_FOUND", after: "accept" } }], (world, deal) =>
    voteIs(world, deal, "failed"),
  ),
  helped("a worker that sends no ballot", [{}, { silentAt: "ballot" }], (world, deal) => voteIs(world, deal, "lost")),
  helped("workers that send no ballots", [{ silentAt: "ballot" }, { silentAt: "ballot" }], (world, deal) =>
    voteIs(world, deal, "lost"),
  ),
  helped("a worker that does not open", [{}, { silentAt: "open" }], (world, deal) => voteIs(world, deal, "kept")),
  {
    name: "votes that have lost their cover when they are settled, opened or not",
    happens: async (world: MortalWorld): Promise<void> => {
      const workers = [await world.connect(1), await world.connect(2, { silentAt: "open" })];
      world.change({ settle: down });
      const deal = world.openDeal();
      await world.drive("one opened", voteIs(world, deal, "opened"));
      for (const { address } of workers) world.world.hub.covers.set(address, 0n);
      world.change({});
      await world.drive("lost", voteIs(world, deal, "lost"));
      for (const index of [3, 4]) await world.connect(index);
      await settles(world, deal);
    },
  },
  ...(["lease", "accept"] as const).map((silentAt): Mishap => ({
    name: `workers that are lost after ${silentAt}, and come back with an answer`,
    happens: async (world: MortalWorld): Promise<void> => {
      const workers = [await world.connect(1, { silentAt }), await world.connect(2, { silentAt })];
      const deal = world.openDeal();
      await world.drive("leases", async () => (await taskOf(world, deal))?.votes.length === 2);
      // Again and again: whoever connects to the next process keeps its leases alive.
      await world.drive("lost", () => world.world.runOutLeases().then(voteIs(world, deal, "lost")));
      amend(...workers);
      for (const worker of workers) {
        const vote = (await taskOf(world, deal))!.votes.find((one) => one.worker === worker.address);
        if (vote?.state === "lost") await sayComputed(world, deal, worker, vote.leaseId);
      }
      for (const index of [3, 4]) await world.connect(index);
      await settles(world, deal);
    },
  })),
  {
    name: "answers that come before the acceptance, and of leases that the pool has forgotten",
    happens: async (world: MortalWorld): Promise<void> => {
      const first = await world.connect(1, { silentAt: "lease" });
      const deal = world.openDeal();
      await world.drive("leased", voteIs(world, deal, "leased"));
      const second = await world.connect(2, { silentAt: "lease" });
      await sayComputed(world, deal, first, (await taskOf(world, deal))!.votes[0]!.leaseId);
      if (!(await taskOf(world, deal))!.votes.some(({ worker }) => worker === second.address)) {
        await sayComputed(world, deal, second, randomUUID());
      }
      for (const index of [3, 4]) await world.connect(index);
      await settles(world, deal);
    },
  },
  {
    name: "params that nobody has, within the grace",
    happens: async (world: MortalWorld): Promise<void> => {
      world.world.params = undefined;
      const deal = world.openDeal({ grace: 600 });
      await world.drive("declined", stageIs(world, deal, "declined"));
    },
  },
  {
    name: "params that come late",
    happens: async (world: MortalWorld): Promise<void> => {
      world.world.params = undefined;
      for (const index of [1, 2]) await world.connect(index);
      const deal = world.openDeal();
      await world.drive("waiting", stageIs(world, deal, "waiting"));
      world.world.params = PARAMS;
      await settles(world, deal);
    },
  },
  {
    name: "params that never come",
    happens: async (world: MortalWorld): Promise<void> => {
      world.world.params = undefined;
      const deal = world.openDeal();
      await world.drive("waiting", stageIs(world, deal, "waiting"));
      world.passTime(dealDeadline(deal) + SETTLE_WINDOW_SECONDS + 1);
      await world.drive("closed", stageIs(world, deal, "closed"));
    },
  },
  {
    name: "a deal that is declined on chain while its task is open",
    happens: async (world: MortalWorld): Promise<void> => {
      const deal = await openTask(world);
      declineByHand(world, deal);
      world.change({});
      await world.drive("declined", taskIs(world, deal, "declined"));
    },
  },
  {
    name: "a deadline that passes while the task is open",
    happens: async (world: MortalWorld): Promise<void> => {
      const deal = await openTask(world);
      world.passTime(dealDeadline(deal) + 1);
      await world.drive("expired", taskIs(world, deal, "expired"));
      world.change({});
      await expires(world, deal);
    },
  },
  declinedWhile("planned", {}, 0),
  declinedWhile("running", { silentAt: "accept" }),
  declinedWhile("agreed", {}),
  expiresWhile("planned", {}, 0),
  expiresWhile("running", { silentAt: "accept" }),
  expiresWhile("agreed", {}),
  stuckAt("sealing", 700),
  stuckAt("opening", SETTLE_WINDOW_SECONDS + 10, { silentAt: "open" }),
  stuckAt("settling", SETTLE_WINDOW_SECONDS + 10),
];
