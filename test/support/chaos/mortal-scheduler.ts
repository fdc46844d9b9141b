/** The real scheduler, as its own process, with crash points around everything it writes. */
import { keepMemoryLean } from "../../../chain/node/lean-memory.ts";

keepMemoryLean();
const { runScheduler } = await import("../../../scheduler/run-scheduler.ts");
const { crashPoints } = await import("./crash-points.ts");
const { mortalPorts } = await import("./scheduler-points.ts");

await runScheduler(mortalPorts(crashPoints("scheduler")));
