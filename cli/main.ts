import { keepMemoryLean } from "../chain/node/lean-memory.ts";
import { endWhenUnread } from "./interrupt.ts";

const argv = process.argv.slice(2);
// A worker shares its machine with tasks: its memory is bounded before anything else is loaded.
if (argv.includes("worker") && argv.includes("start")) keepMemoryLean();
const { runCli } = await import("./run-cli.ts");

endWhenUnread([process.stdout, process.stderr]);
process.exitCode = await runCli(argv, process.stdout, process.stderr);
