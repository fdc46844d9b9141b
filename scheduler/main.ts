/** The program `node scheduler/main.ts`. Loads everything after the memory is bounded: static imports would come first. */
import { collectLess, keepMemoryLean } from "../chain/node/lean-memory.ts";

keepMemoryLean();
const { runScheduler } = await import("./run-scheduler.ts");
collectLess();
await runScheduler();
