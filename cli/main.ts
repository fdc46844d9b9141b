import { endWhenUnread } from "./interrupt.ts";
import { runCli } from "./run-cli.ts";

endWhenUnread([process.stdout, process.stderr]);
process.exitCode = await runCli(process.argv.slice(2), process.stdout, process.stderr);
