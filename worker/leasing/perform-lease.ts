import type { Lease } from "../../protocol/lease.ts";
import type { Stage, WorkerMessage } from "../../protocol/messages.ts";
import type { Executor, RunListener, RunOutcome } from "../executor/executor.ts";
import { VoteStandsError } from "../errors.ts";
import type { VoteRecord } from "../journal/journal.ts";
import type { Answer, VoteBook } from "../voting/vote-book.ts";
import { createLogRelay } from "./log-relay.ts";
import { runnableOf, runSpecOf } from "./run-spec.ts";
import type { TaskFiles } from "./run-spec.ts";
import { createStageRelay } from "./stage-relay.ts";

/** Inputs on this machine; disposing lets the cache drop them again. */
interface HeldInputs extends Disposable {
  readonly files: readonly { readonly name: string; readonly path: string }[];
}

/** Where the inputs of a lease come from. */
export interface InputStore {
  /** @throws InputUnavailableError | InputCorruptError | CacheFullError */
  hold(inputs: Lease["inputs"], signal: AbortSignal): Promise<HeldInputs>;
}

/** Where result blobs wait until the pool wants them. */
export interface ResultStore {
  /** Where the executor shall write the blob of this lease. */
  pathFor(leaseId: string): string;
  /** Hashes a finished blob and makes sure that it outlives a crash. */
  keep(path: string): Promise<NonNullable<VoteRecord["result"]>>;
  discard(path: string): Promise<void>;
}

export type PerformLeaseDeps = {
  readonly executor: Executor;
  readonly inputs: InputStore;
  readonly results: ResultStore;
  readonly votes: VoteBook;
  /** Of this machine: how much time it gives a task. */
  readonly score: number;
  readonly send: (message: WorkerMessage) => void;
  /** Hears of every new stage, for the status page. */
  readonly onStage: (leaseId: string, stage: Stage) => void;
  readonly onError: (error: unknown) => void;
};

/**
 * Runs one lease to a journalled vote. Knows neither Docker nor the wire.
 * @returns the vote; that of an earlier lease if the task has one
 * @throws what the machine failed with: such a failure is never voted
 */
export async function performLease(lease: Lease, deps: PerformLeaseDeps, signal: AbortSignal): Promise<VoteRecord> {
  const { executor, inputs, results } = deps;
  const logs = createLogRelay(lease.leaseId, deps.send);
  const stages = createStageRelay(lease.leaseId, deps.send);
  try {
    const listener = listenerFor(lease.leaseId, { logs, stages }, deps);
    listener.onStage("fetching");
    using held = await inputs.hold(wantedBy(lease), signal);
    const spec = runSpecOf(runnableOf(lease), deps.score, filesOf(lease, held), results.pathFor(lease.leaseId));
    const outcome = await executor.run(spec, listener, signal);
    return await journalAnswer(lease, await answerOf(outcome, spec.resultPath, results), deps);
  } finally {
    stages.close();
    logs.close();
  }
}

/** A dataset is fetched, checked and kept as an input is. */
function wantedBy({ inputs, dataset }: Lease): Lease["inputs"] {
  return dataset === undefined ? inputs : [...inputs, { name: "dataset", ...dataset }];
}

function filesOf({ inputs, dataset }: Lease, { files }: HeldInputs): TaskFiles {
  return { inputs: files.slice(0, inputs.length), dataset: dataset && files.at(-1)!.path };
}

async function answerOf(outcome: RunOutcome, path: string, results: ResultStore): Promise<Answer> {
  const { digest } = outcome;
  if (outcome.kind === "failed") return { digest, failed: outcome.reason };
  return { digest, result: await results.keep(path) };
}

/** Before anybody hears of it: a restart must be able to open this vote. */
async function journalAnswer(lease: Lease, answer: Answer, deps: PerformLeaseDeps): Promise<VoteRecord> {
  try {
    return await deps.votes.record(lease, answer);
  } catch (error) {
    if (!(error instanceof VoteStandsError)) throw error;
    deps.onError(error);
    if (answer.result) await deps.results.discard(answer.result.path);
    return deps.votes.get(lease.taskId)!;
  }
}

type Relays = {
  readonly logs: ReturnType<typeof createLogRelay>;
  readonly stages: ReturnType<typeof createStageRelay>;
};

function listenerFor(leaseId: string, { logs, stages }: Relays, deps: PerformLeaseDeps): RunListener {
  let said = "";
  return {
    onLog: (text) => logs.write(text),
    onStage: (stage, percent) => {
      // A percentage is told once, however often the executor looks.
      const saying = `${stage} ${Math.floor(percent ?? 0)}`;
      if (saying === said) return;
      said = saying;
      deps.onStage(leaseId, stage);
      stages.tell(stage, percent);
    },
  };
}
