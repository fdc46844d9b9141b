/** The real scheduler, as its own process, that cheats in the way that its argument names. */
import { keepMemoryLean } from "../../../chain/node/lean-memory.ts";

keepMemoryLean();
const { runScheduler } = await import("../../../scheduler/run-scheduler.ts");
const { cheatingEpochs } = await import("./pool-cheats.ts");
const { sayCheated } = await import("./say-cheated.ts");

await runScheduler({ createEpochs: cheatingEpochs(process.argv[2]!, sayCheated) });
