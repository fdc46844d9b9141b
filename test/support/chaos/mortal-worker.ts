/** The real worker, as its own process, with crash points around everything it writes. */
import { keepMemoryLean } from "../../../chain/node/lean-memory.ts";

keepMemoryLean();
const { runWorker } = await import("../../../worker/run-worker.ts");
const { loadTestConfig } = await import("../config.ts");
const { crashPoints } = await import("./crash-points.ts");
const { mortalPorts } = await import("./worker-points.ts");

await runWorker(mortalPorts(crashPoints("worker"), loadTestConfig().chaos!.self));
