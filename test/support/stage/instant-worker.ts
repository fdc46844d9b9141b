/** The real worker, as its own process, but for the containers. */
import { keepMemoryLean } from "../../../chain/node/lean-memory.ts";

keepMemoryLean();
const { runWorker } = await import("../../../worker/run-worker.ts");
const { createInstantExecutor } = await import("./instant-executor.ts");

await runWorker({ createExecutor: createInstantExecutor });
