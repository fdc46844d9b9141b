/** The program `node scheduler/main.ts`. Loads everything after the memory is bounded: static imports would come first. */
import { keepMemoryLean } from "../chain/node/lean-memory.ts";

keepMemoryLean(2);
const { runScheduler } = await import("./run-scheduler.ts");
await runScheduler();
