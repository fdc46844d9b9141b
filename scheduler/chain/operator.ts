import type { GridCalls } from "../../chain/calls.ts";
import type { EventDecoder, GridEvent } from "../../chain/events.ts";
import type { ChainReader } from "../../chain/reader.ts";
import type { Call, Receipt } from "../../chain/intent.ts";
import type { TransactionSender } from "../../chain/sender.ts";
import { jointHashOf } from "../../protocol/ballot.ts";
import { TRANSACTION_GAS_CAP } from "../../protocol/constants.ts";
import { taskIdOf } from "../../protocol/deal.ts";
import type { Hash } from "../../protocol/primitives.ts";
import { encodeSettlement, estimateSettleGas } from "../../protocol/settlement.ts";
import { ChainUnreachableError } from "../../chain/errors.ts";
import type { OperatorHold } from "./operator-hold.ts";
import type { SettlePlan } from "../domain/epochs/settle-plan.ts";
import type { Operator, TaskVerdict } from "../ports.ts";

type OperatorDeps = {
  readonly pool: bigint;
  readonly sender: TransactionSender;
  readonly hold: OperatorHold;
  readonly calls: GridCalls;
  readonly decoder: EventDecoder;
  readonly reader: ChainReader;
  /** Hears what each transaction cost, for logs and metrics. */
  readonly onGas: (act: "seal" | "settle" | "decline" | "claim", receipt: Receipt) => void;
};

/** Sends the pool's transactions. Each is named by what it is for, so that a restart follows it instead of repeating it. */
export function createOperator({ pool, sender, hold, calls, decoder, reader, onGas }: OperatorDeps): Operator {
  const send: TransactionSender["send"] = async (id, call) => {
    try {
      return await sender.send(id, call);
    } catch (error) {
      hold.failed(error);
      throw error;
    }
  };
  return {
    async seal(lane, epoch, leaves) {
      const receipt = await send(sealIntent(pool, lane, epoch, leaves), calls.seal(pool, lane, leaves));
      onGas("seal", receipt);
      return { sealedAt: await timestampOf(reader, receipt) };
    },
    async settle(plan, { epoch, sealedAt }) {
      const intent = `settle:${pool}:${plan.lane}:${epoch}:${sealedAt}`;
      const receipt = await send(intent, settleCall(calls, pool, plan));
      onGas("settle", receipt);
      return verdictsOf(receipt, decoder);
    },
    async decline(dealId, deal) {
      onGas("decline", await send(`decline:${dealId}`, calls.decline(deal)));
    },
    async claim(dealId, deal) {
      onGas("claim", await send(`claim:${dealId}`, calls.claim(deal)));
    },
    hold: hold.why,
    redo: (block) => sender.redo(block),
    hasLostSeal: async (lane, epoch, leaves) => {
      const intent = await sender.find(sealIntent(pool, lane, epoch, leaves));
      return intent === undefined || intent.state === "reverted";
    },
    isDone: async (intent) => (await sender.find(intent))?.state !== "open",
  };
}

/** With the joint hash, since an epoch number comes again when its first seal was refused. */
function sealIntent(pool: bigint, lane: number, epoch: number, leaves: readonly Hash[]): string {
  return `seal:${pool}:${lane}:${epoch}:${jointHashOf(leaves)}`;
}

async function timestampOf(reader: ChainReader, receipt: Receipt): Promise<number> {
  const block = await reader.block(receipt.blockNumber);
  if (!block) throw new ChainUnreachableError(`The node that answers has no block ${receipt.blockNumber} yet`);
  return block.timestamp;
}

/**
 * The limit is the upper bound and not what a simulation used: a receiver could be modest in the simulation and use up all
 * that it may have in the block, a stranger could slash a worker in between, so that tasks stay open and their votes are
 * kept, which costs more. Then the settle would fail, and everybody could read the votes that it opens.
 */
function settleCall(calls: GridCalls, pool: bigint, plan: SettlePlan): Call {
  const call = calls.settle(argumentsOf(pool, plan));
  const most = estimateSettleGas({
    deals: plan.deals.length,
    tasks: plan.tasks.length,
    votes: plan.tasks.reduce((sum, { votes, kept = [] }) => sum + votes.length + kept.length, 0),
    ballots: plan.ballots.length,
    callbacks: plan.callbacks.length,
    open: true,
  });
  return { ...call, gasLimit: most > TRANSACTION_GAS_CAP ? TRANSACTION_GAS_CAP : most };
}

function argumentsOf(pool: bigint, { lane, deals, tasks, ballots, callbacks }: SettlePlan) {
  const dealIds = deals.map(({ dealId }) => dealId);
  const workers = ballots.map(({ worker }) => worker);
  return {
    pool,
    lane,
    deals: deals.map(({ deal }) => deal),
    tasks: encodeSettlement(tasks, dealIds, workers),
    ballots,
    callbacks,
  };
}

/** What the receipt says about the tasks that the settle named, in the order in which it happened. */
function verdictsOf(receipt: Receipt, decoder: EventDecoder): readonly TaskVerdict[] {
  return receipt.logs.flatMap((log) => verdictOf(decoder.decode(log)) ?? []);
}

function verdictOf(event: GridEvent | undefined): TaskVerdict | undefined {
  switch (event?.kind) {
    case "TaskSettled":
      return { kind: "settled", taskId: taskIdOf(event.dealId, event.index), digest: event.digest };
    case "TaskKept":
      return { kind: "kept", taskId: taskIdOf(event.dealId, event.index), votes: event.votes };
    case "VoteWithheld":
      return { kind: "withheld", taskId: event.taskId, worker: event.worker };
    case "TaskSkipped":
      return { kind: "skipped", taskId: event.taskId, reason: String(event.reason) };
    default:
      return undefined;
  }
}
