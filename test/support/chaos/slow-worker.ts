/** The real worker but for the containers, whose every task takes longer than a pool's sweep is away. */
import { setTimeout as pause } from "node:timers/promises";

import { keepMemoryLean } from "../../../chain/node/lean-memory.ts";
import { createInstantExecutor } from "../stage/instant-executor.ts";

const TASK_MS = 7_000;

keepMemoryLean();
const { runWorker } = await import("../../../worker/run-worker.ts");

await runWorker({
  createExecutor: () => {
    const instant = createInstantExecutor();
    return {
      ...instant,
      run: async (...given) => {
        await pause(TASK_MS);
        return instant.run(...given);
      },
    };
  },
});
