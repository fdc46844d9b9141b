import { readFileSync } from "node:fs";

import { CommanderError } from "commander";

import { UsageError } from "./errors.ts";
import { EXIT, exitCodeOf, ExitWith } from "./exit-codes.ts";
import type { ExitCode } from "./exit-codes.ts";
import { buildProgram } from "./program.ts";
import { reportError } from "./report-error.ts";
import type { Sink } from "./sink.ts";

/**
 * Runs one command line and says how it ended; the one place where an error becomes an exit code and words.
 * @param argv without the program's own name
 */
export async function runCli(argv: readonly string[], out: Sink, err: Sink): Promise<ExitCode> {
  try {
    const program = await buildProgram(argv, version());
    const output = { writeOut: (text: string) => void out.write(text), writeErr: () => {} };
    for (const command of [program, ...program.commands, ...program.commands.flatMap((noun) => noun.commands)]) {
      command.configureOutput(output);
    }
    await program.parseAsync([...argv], { from: "user" });
    return EXIT.done;
  } catch (thrown) {
    return fail(thrown, argv, out, err);
  }
}

function fail(thrown: unknown, argv: readonly string[], out: Sink, err: Sink): ExitCode {
  if (thrown instanceof CommanderError && thrown.exitCode === 0) return EXIT.done; // --help and --version
  if (thrown instanceof ExitWith) return thrown.exitCode;
  const error = thrown instanceof CommanderError ? usageError(thrown, argv) : thrown;
  const report = reportError(error);
  if (wantsJson(argv)) out.write(`${report.json}\n`);
  err.write(`${report.text}\n`);
  return exitCodeOf(error);
}

function usageError(error: CommanderError, argv: readonly string[]): UsageError {
  const named = argv.filter((word) => /^[a-z][a-z-]*$/.test(word)).slice(0, 2);
  const what = error.code === "commander.help" ? "A command is missing" : error.message.replace(/^error: /, "");
  return new UsageError(what, { hint: `See: gridmill ${[...named, "--help"].join(" ")}` });
}

/** Read from the line itself, since a line that does not parse has no options yet. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return (end === -1 ? argv : argv.slice(0, end)).includes("--json");
}

function version(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
