/** The program `node scheduler/main.ts`. Loads everything after the memory is bounded: static imports would come first. */
import "./lean-memory.ts";

const { runScheduler } = await import("./run-scheduler.ts");
await runScheduler();
