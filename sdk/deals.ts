import { ChainUnreachableError } from "../chain/errors.ts";
import { dealDeadline, taskPrice } from "../protocol/deal.ts";
import { codeOf, GridmillError } from "../protocol/errors.ts";
import type { DealRecord } from "../protocol/market-api.ts";
import type { PoolTask } from "../protocol/pool-api.ts";
import type { Address, Hash } from "../protocol/primitives.ts";

import { readEvents } from "./chain-logs.ts";
import type { GatewayClient } from "./gateway-client.ts";
import type { GridContext, KnownDeal } from "./grid-context.ts";
import { findDeal, gatewayOf, taskIdsOf } from "./known-deal.ts";
import { allPages } from "./pages.ts";
import { settledOf } from "./settlements.ts";
import { pause } from "../chain/pause.ts";

/** A task as chain and pool together have it. What ends it is the chain's word, what goes on before, the pool's. */
export type TaskView = {
  readonly taskId: Hash;
  readonly dealId: Hash;
  readonly index: number;
  /** Who paid for it, and gets its price back if it is declined or claimed. */
  readonly payer: Address;
  readonly status: PoolTask["status"];
  /** Last second (Unix) at which it may be sealed. */
  readonly deadline: number;
  readonly votes: PoolTask["votes"];
  /** The accepted answer, once settled. */
  readonly digest: Hash | null;
  readonly history: PoolTask["history"];
  /** Why nothing happens, when nothing happens; also that the pool does not answer. */
  readonly waitingFor: string | null;
};

/** Statuses that nothing leaves. */
const FINAL_STATUSES: readonly TaskView["status"][] = ["settled", "declined", "claimed"];
export const isFinal = ({ status }: TaskView): boolean => FINAL_STATUSES.includes(status);

/** Prices in wei per task, `paid` in wei for what is settled. */
type DealView = KnownDeal & {
  readonly deadline: number;
  readonly perTask: bigint;
  readonly paid: bigint;
  readonly tasks: readonly TaskView[];
};

/** Matched deals. */
export interface Deals {
  /** @throws NotFoundError */
  show(dealId: Hash): Promise<DealView>;
  /** As the market has them, newest first. */
  list(filter?: { readonly requester?: Address }): Promise<readonly DealRecord[]>;
  /**
   * All tasks of a deal, now and after every change, until all of them are over or `signal` aborts. A chain that stops to
   * answer on the way is waited for, for a minute: meanwhile every task that is not over says so in `waitingFor`.
   */
  watch(dealId: Hash, signal?: AbortSignal): AsyncIterable<readonly TaskView[]>;
}

const POLL_MS = 500;
/** Most tasks that the pool is asked about in one round; of the others only the chain's word is shown. */
const ASKED_AT_ONCE = 32;

export function createDeals(context: GridContext): Deals {
  return {
    async show(dealId) {
      const known = await findDeal(context, dealId);
      const tasks = await tasksOf(context, known);
      const perTask = taskPrice(known.deal);
      const settled = tasks.filter(({ status }) => status === "settled").length;
      return { ...known, tasks, perTask, paid: perTask * BigInt(settled), deadline: dealDeadline(known.deal) };
    },
    list: (filter = {}) => allPages((cursor) => context.market.deals({ ...filter, ...cursor })),
    async *watch(dealId, signal) {
      const known = await findDeal(context, dealId);
      let look: Look = { tasks: await tasksOf(context, known) };
      let before = "";
      while (!signal?.aborted) {
        const now = JSON.stringify(look.tasks);
        if (now !== before) yield look.tasks;
        if (look.tasks.every(isFinal)) return;
        before = now;
        await pause(POLL_MS, signal);
        look = await lookAgain(context, known, look);
      }
    },
  };
}

/** Tasks as they were seen; `silentSince` (Unix ms) when the chain has not answered since. */
type Look = { readonly tasks: readonly TaskView[]; readonly silentSince?: number };

const PATIENCE_MS = 60_000;

/** @throws what the chain did not answer with, once that lasts longer than anybody's patience */
async function lookAgain(context: GridContext, known: KnownDeal, last: Look): Promise<Look> {
  try {
    return { tasks: await tasksOf(context, known) };
  } catch (error) {
    const silentSince = last.silentSince ?? Date.now();
    if (!(error instanceof ChainUnreachableError) || Date.now() - silentSince > PATIENCE_MS) throw error;
    const waiting = (task: TaskView): TaskView => ({ ...task, votes: [], waitingFor: error.message });
    return { silentSince, tasks: last.tasks.map((task) => (isFinal(task) ? task : waiting(task))) };
  }
}

type Ending = { readonly status: "settled" | "declined" | "claimed"; readonly digest: Hash | null };

/** All tasks of a deal: first what the chain knows to be over, then the pool's word for the rest. */
export async function tasksOf(context: GridContext, known: KnownDeal): Promise<readonly TaskView[]> {
  const endings = await endingsOf(context, known);
  const open = taskIdsOf(known).filter((_id, index) => !endings(index));
  const pool = await poolViews(context, known, open.slice(0, ASKED_AT_ONCE));
  return await Promise.all(
    taskIdsOf(known).map(async (taskId, index) => {
      const ending = endings(index);
      const seen =
        ending && known.deal.volume <= ASKED_AT_ONCE ? await historyOf(context, known, taskId) : pool.get(taskId);
      return viewOf(known, taskId, index, ending, seen);
    }),
  );
}

async function endingsOf(context: GridContext, known: KnownDeal): Promise<(index: number) => Ending | undefined> {
  const { dealId, blockNumber, deal } = known;
  const settled = new Map((await readEvents(context, settledOf(known))).map((event) => [event.index, event.digest]));
  const rest = settled.size < deal.volume ? await refundOf(context, dealId, blockNumber) : undefined;
  return (index) => {
    const digest = settled.get(index);
    if (digest !== undefined) return { status: "settled", digest };
    return rest && { status: rest, digest: null };
  };
}

/** Tasks that are not settled close together: all declined, or all claimed. */
async function refundOf(
  context: GridContext,
  dealId: Hash,
  fromBlock: number,
): Promise<"declined" | "claimed" | undefined> {
  const [declined, claimed] = await Promise.all([
    readEvents(context, { kind: "DealDeclined", first: dealId, fromBlock }),
    readEvents(context, { kind: "DealClaimed", first: dealId, fromBlock }),
  ]);
  if (declined.length > 0) return "declined";
  return claimed.length > 0 ? "claimed" : undefined;
}

/** What the pool says; a pool that does not answer is a reason to wait, not an error: the chain decides. */
type PoolWord = PoolTask | { readonly waitingFor: string };

async function poolViews(
  context: GridContext,
  { dealId, deal }: KnownDeal,
  ids: readonly Hash[],
): Promise<Map<Hash, PoolWord>> {
  if (ids.length === 0) return new Map();
  const gateway = await gatewayOf(context, deal.pool);
  const views = await Promise.all(ids.map(async (id) => [id, await wordOfPool(gateway, id, dealId)] as const));
  return new Map(views);
}

async function wordOfPool(gateway: GatewayClient, taskId: Hash, dealId: Hash): Promise<PoolWord> {
  try {
    return await gateway.task(taskId).catch((error: unknown) => whyUnknown(gateway, dealId, error));
  } catch (error) {
    if (error instanceof GridmillError) return { waitingFor: error.message };
    throw error;
  }
}

/** A pool has no tasks of a deal that it cannot take in: of the deal it says why. */
async function whyUnknown(gateway: GatewayClient, dealId: Hash, error: unknown): Promise<PoolWord> {
  if (codeOf(error) !== "GM_NOT_FOUND") throw error;
  const { note } = await gateway.deal(dealId);
  return { waitingFor: note ?? "the pool takes the deal in" };
}

/** A task that is over does not change any more, so its story is asked for once. */
const stories = new WeakMap<GridContext, Map<Hash, PoolTask>>();

async function historyOf(context: GridContext, { dealId, deal }: KnownDeal, taskId: Hash): Promise<PoolWord> {
  const known = stories.get(context) ?? new Map<Hash, PoolTask>();
  stories.set(context, known);
  const story = known.get(taskId);
  if (story) return story;
  const word = await wordOfPool(await gatewayOf(context, deal.pool), taskId, dealId);
  if ("taskId" in word && FINAL_STATUSES.includes(word.status)) known.set(taskId, word);
  return word;
}

const UNTOLD: Pick<TaskView, "status" | "votes" | "history"> = { status: "open", votes: [], history: [] };

function viewOf(known: KnownDeal, taskId: Hash, index: number, ending?: Ending, word?: PoolWord): TaskView {
  const { status, votes, history } = word && "taskId" in word ? word : UNTOLD;
  const { dealId, deal } = known;
  const task = { taskId, dealId, index, payer: deal.payer, deadline: dealDeadline(deal), votes, history };
  if (ending) return { ...task, ...ending, waitingFor: null };
  // The chain does not know the task as over yet, whatever the pool says.
  const current = FINAL_STATUSES.includes(status) ? "sealed" : status;
  return { ...task, status: current, digest: null, waitingFor: word?.waitingFor ?? null };
}
