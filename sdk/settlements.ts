import type { TransactionDescription } from "ethers";
import { z } from "zod";

import type { GridEventOf } from "../chain/events.ts";
import { plainArgs } from "../chain/plain.ts";
import { PackedDealSchema, dealIdOf } from "../protocol/deal.ts";
import { AddressSchema, HexSchema } from "../protocol/primitives.ts";
import type { Address, Hash } from "../protocol/primitives.ts";

import { readEvents, wordOf } from "./chain-logs.ts";
import type { LogQuery } from "./chain-logs.ts";
import type { GridContext, KnownDeal } from "./grid-context.ts";
import { findTask } from "./known-deal.ts";
import type { TaskPlace } from "./known-deal.ts";
import { decodeVoteStream } from "./vote-stream.ts";

/** How a vote compares with the digest that was accepted; `withheld`: it was never opened. */
type SettledVoteView = { readonly worker: Address; readonly vote: "agree" | "differ" | "withheld" };

/** A transaction, and what it cost. */
export type Cost = { readonly transactionHash: Hash; readonly gasUsed: bigint; readonly feeWei: bigint };

/** How a task was settled, read from the chain alone. */
export type Settlement = {
  readonly taskId: Hash;
  readonly dealId: Hash;
  readonly index: number;
  readonly digest: Hash;
  readonly votes: readonly SettledVoteView[];
  /** The transactions that served this task; others may have shared them. `seal` is undefined when it was not found. */
  readonly settle: Cost;
  readonly seal: Cost | undefined;
  /** How many tasks the same settle has settled. */
  readonly tasksSettled: number;
};

/** What the chain says about finished tasks. */
export interface Settlements {
  /** Undefined while the task is not settled. @throws NotFoundError for an unknown task */
  of(taskId: Hash): Promise<Settlement | undefined>;
  /** Gas of any transaction. */
  costOf(transactionHash: Hash): Promise<Cost>;
}

export function createSettlements(context: GridContext): Settlements {
  return {
    async of(taskId) {
      const place = await findTask(context, taskId);
      const events = await readEvents(context, settledOf(place));
      const event = events.find(({ index }) => index === place.index);
      return event && (await settlementOf(context, place, event));
    },
    costOf: (hash) => costOf(context, hash),
  };
}

/** The query for the settled tasks of a deal. */
export function settledOf({ dealId, blockNumber }: Pick<KnownDeal, "dealId" | "blockNumber">): LogQuery<"TaskSettled"> {
  return { kind: "TaskSettled", fromBlock: blockNumber, first: dealId };
}

async function settlementOf(
  context: GridContext,
  place: TaskPlace,
  event: GridEventOf<"TaskSettled">,
): Promise<Settlement> {
  const { taskId, dealId, index } = place;
  const { digest, transactionHash } = event;
  const [settle, votes, seal, settled] = await Promise.all([
    costOf(context, transactionHash),
    votesOf(context, place, event),
    sealOf(context, place, event),
    readEvents(context, { kind: "TaskSettled", fromBlock: event.blockNumber, toBlock: event.blockNumber }),
  ]);
  const tasksSettled = settled.filter((other) => other.transactionHash === transactionHash).length;
  return { taskId, dealId, index, digest, votes, settle, seal, tasksSettled };
}

/** Every vote for the task, from the calldata of its settle; empty when another contract called the hub. */
async function votesOf(
  { provider, contracts, network }: GridContext,
  { dealId, index }: TaskPlace,
  { transactionHash, digest }: GridEventOf<"TaskSettled">,
): Promise<readonly SettledVoteView[]> {
  const transaction = await provider.getTransaction(transactionHash);
  if (transaction?.to?.toLowerCase() !== network.deployment.contracts.hub) return [];
  const call = contracts.hub.interface.parseTransaction({ data: transaction.data });
  if (call?.name !== "settle") return [];
  const { deals, tasks, workers } = settleArgsOf(call);
  const task = tasks.find((each) => deals[each.deal] === dealId && each.index === index);
  return (task?.votes ?? []).map((vote) => ({
    worker: workers[vote.ballot]!,
    vote: vote.digest === undefined ? "withheld" : vote.digest === digest ? "agree" : "differ",
  }));
}

/** What matters of the arguments of `Hub.settle`. */
const SettleArgsSchema = z.object({
  deals: z.array(PackedDealSchema),
  tasks: HexSchema,
  ballots: z.array(z.object({ worker: AddressSchema })),
});

function settleArgsOf({ fragment, args }: TransactionDescription) {
  const { deals, tasks, ballots } = SettleArgsSchema.parse(plainArgs(fragment.inputs, args));
  return {
    deals: deals.map(dealIdOf),
    tasks: decodeVoteStream(tasks),
    workers: ballots.map(({ worker }) => worker),
  };
}

/** The seal before the settle: the lane's last one, since an epoch is settled before the next is sealed. */
async function sealOf(
  context: GridContext,
  { deal, blockNumber }: TaskPlace,
  event: GridEventOf<"TaskSettled">,
): Promise<Cost | undefined> {
  const range = { fromBlock: blockNumber, toBlock: event.blockNumber };
  const lane = { first: wordOf(deal.pool), second: wordOf(deal.lane) };
  const seals = await readEvents(context, { kind: "Sealed", ...range, ...lane });
  const seal = seals.at(-1);
  return seal && (await costOf(context, seal.transactionHash));
}

async function costOf({ provider }: GridContext, transactionHash: Hash): Promise<Cost> {
  const receipt = await provider.getTransactionReceipt(transactionHash);
  const gasUsed = receipt?.gasUsed ?? 0n;
  return { transactionHash, gasUsed, feeWei: gasUsed * (receipt?.gasPrice ?? 0n) };
}
