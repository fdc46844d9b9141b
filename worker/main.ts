/** The program `node worker/main.ts`. Loads everything after the memory is bounded: static imports would come first. */
import { keepMemoryLean } from "../chain/node/lean-memory.ts";

// A worker shares its machine with the tasks that it is paid for and with its owner.
keepMemoryLean();
const { runWorker } = await import("./run-worker.ts");
await runWorker();
