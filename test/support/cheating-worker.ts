/** A worker, as its own process, that votes a wrong digest for every task: the real agent around an executor that lies. */
import { keepMemoryLean } from "../../chain/node/lean-memory.ts";
import type { Executor, RunOutcome } from "../../worker/executor/executor.ts";

keepMemoryLean();
const { digestOf } = await import("../../protocol/digest.ts");
const { runWorker } = await import("../../worker/run-worker.ts");
const { REAL_PORTS } = await import("../../worker/start-worker.ts");

/** The same lie every time, so that it is the vote that is wrong and not the worker that is confused. */
function lieAbout(outcome: RunOutcome): RunOutcome {
  return { ...outcome, digest: digestOf(`a lie about ${outcome.digest}`) };
}

/** Runs everything as it should, and reports something else. */
function lying(honest: Executor): Executor {
  return { ...honest, run: async (...run) => lieAbout(await honest.run(...run)) };
}

await runWorker({ createExecutor: (...given) => lying(REAL_PORTS.createExecutor(...given)) });
