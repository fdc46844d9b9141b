/** The program `node worker/main.ts`. Loads everything after the memory is bounded: static imports would come first. */
import "./lean-memory.ts";

const { runWorker } = await import("./run-worker.ts");
await runWorker();
