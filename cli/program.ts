import { Command, Help } from "commander";
import type { Option } from "commander";

import { COMMANDS } from "./command-table.ts";
import type { CommandEntry, CommandGroup } from "./command-table.ts";

/**
 * The whole command line. Only the one command that `argv` names is loaded with what it imports; the others stand there
 * with a line of description, so that help costs nothing.
 */
export async function buildProgram(argv: readonly string[], version: string): Promise<Command> {
  const program = new Command("gridmill")
    .description("An open market for computing power, settled on Ethereum")
    .version(version)
    .option("--json", "print one JSON value on stdout, and nothing else there", false)
    .option(
      "--network <name>",
      "network to use: local, or one of networks.json (default: GRIDMILL_NETWORK, else local)",
    )
    .option("--account <name>", "key to sign with (default: the network's, else default)")
    .option("--quiet", "say nothing on stderr but errors", false)
    .helpCommand(false)
    .addHelpText("after", "\nExample:\n  gridmill up\n  gridmill run apps/checksum --input README.md --trust 3");
  const [noun, verb] = namedCommand(argv);
  for (const [name, entry] of Object.entries(COMMANDS)) {
    program.addCommand(
      "verbs" in entry ? await group(name, entry, noun, verb) : await single(name, entry, name === noun),
    );
  }
  for (const command of allOf(program)) command.exitOverride().configureHelp({ optionDescription });
  return program;
}

const WITH_VALUE: readonly string[] = ["--network", "--account"];

/** The first two words of the line that are neither an option nor an option's value. */
export function namedCommand(argv: readonly string[]): readonly [string | undefined, string | undefined] {
  const end = argv.indexOf("--");
  const words = (end === -1 ? argv : argv.slice(0, end)).filter(
    (word, index) => !word.startsWith("-") && !WITH_VALUE.includes(argv[index - 1] ?? ""),
  );
  return [words[0], words[1]];
}

async function group(name: string, { summary, verbs }: CommandGroup, noun?: string, verb?: string): Promise<Command> {
  const command = new Command(name).description(summary).helpCommand(false);
  for (const [own, entry] of Object.entries(verbs)) {
    command.addCommand(await single(own, entry, name === noun && own === verb));
  }
  return command;
}

/** What a command does is said in one place, the table, whether or not its file is loaded. */
async function single(name: string, { summary, load }: CommandEntry, wanted: boolean): Promise<Command> {
  const command = wanted ? await load() : new Command(name);
  return command.summary(summary).description(`${summary[0]!.toUpperCase()}${summary.slice(1)}`);
}

function allOf(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(allOf)];
}

/** Help says a default where it tells something: that a switch is off, or a list empty, goes without saying. */
function optionDescription(option: Option): string {
  const given: unknown = option.defaultValue;
  const tells = typeof given === "object" && given !== null ? Object.keys(given).length > 0 : given !== false;
  return tells ? new Help().optionDescription(option) : option.description;
}
