import type { Command, CommanderError } from "commander";
import ts from "typescript";

import { COMMANDS } from "../../cli/command-table.ts";
import { buildProgram } from "../../cli/program.ts";

/** The command and what stands behind it, as far as it can belong to it. */
const MENTION = /(?:^|[\s(`"])(?:\.\/)?gridmill ((?:[a-z](?:[^`"\n;,()#:]|:(?=\S))*))/g;

/** `app list`, `status`…: each command that a text names, sorted, once. What is no command is given by its first word. */
export function namedIn(text: string): readonly string[] {
  return [...new Set(mentionsIn(text).map((line) => nameOf(line.split(/\s+/))))].sort();
}

function nameOf([noun, verb]: readonly string[]): string {
  const entry = COMMANDS[noun!];
  return entry && "verbs" in entry && verb !== undefined && verb in entry.verbs ? `${noun} ${verb}` : noun!;
}

/** What is said to follow `gridmill` in a text, each with whatever prose comes behind it. */
export function mentionsIn(text: string): readonly string[] {
  return [...text.matchAll(MENTION)].map(([, line]) => line!.trim());
}

/** The command lines of a page: in code spans and code blocks, without brackets, comments and what a pipe leads to. */
export function linesIn(page: string): readonly string[] {
  const code = [...page.matchAll(/```[a-z]*\n(.*?)```|`([^`\n]+)`/gs)].map(([, block, span]) => block ?? span!);
  const typed = code.flatMap((text) => [...text.matchAll(/(?:^|\$\()(?:\.\/)?gridmill ([a-z][^#\n]*)/gm)]);
  return typed.map(([, line]) =>
    line!
      .replace(/ \| .*$/, "")
      .replaceAll(/[[\]]|(\.\.\.|…)$/gm, "")
      .trim(),
  );
}

/** The texts in a file of the product: string literals, and templates with `${…}` for what is filled in. */
export function literalsIn(path: string, text: string): readonly string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) found.push(node.text);
    else if (ts.isTemplateExpression(node))
      found.push(node.head.text + node.templateSpans.map(({ literal }) => `\${…}${literal.text}`).join(""));
    else ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
  return found;
}

const HASH = `0x${"11".repeat(32)}`;
/** What may stand where a person's own value goes. */
const VALUES: Readonly<Record<string, string>> = {
  KIND: "app",
  HASH,
  DIGEST: "11".repeat(32),
  ADDRESS: `0x${"22".repeat(20)}`,
  URL: "http://127.0.0.1:1",
  TIME: "90s",
  STATUS: "planned",
  SIZE: "512M",
};

/**
 * Why nobody could type this behind `gridmill`, or undefined. Capitals, `<amount>`, `0x5f3a…` and `${id}` stand for
 * whatever the command takes; nothing is run.
 * @param prose whether words behind the command may be a sentence that goes on
 */
export async function whyUntypable(line: string, prose: boolean): Promise<string | undefined> {
  const words = line.split(/\s+/);
  const first = (await refusal(words, "2")) && (await refusal(words, HASH));
  if (first === undefined || !prose || words.length <= nameLength(words) || words.at(-1)!.startsWith("--"))
    return first;
  return (await whyUntypable(words.slice(0, -1).join(" "), prose)) && first;
}

async function refusal(words: readonly string[], other: string): Promise<string | undefined> {
  const argv = words.map((word) => valueOf(word, other));
  const program = await buildProgram(argv, "0.0.0");
  for (const command of allOf(program)) {
    command.configureOutput({ writeOut: () => {}, writeErr: () => {} });
    if (command.commands.length === 0) command.action(() => {});
  }
  try {
    await program.parseAsync([...argv], { from: "user" });
    return undefined;
  } catch (error) {
    return isNameAlone(words, optionsOf(program, words), error as CommanderError)
      ? undefined
      : `gridmill ${argv.join(" ")}: ${String(error)}`;
  }
}

/** Text may name a command, or an option of it, without its arguments, or a noun without its verb; `--help` is no failure. */
function isNameAlone(
  words: readonly string[],
  known: readonly (string | undefined)[],
  { code, exitCode }: CommanderError,
): boolean {
  const lacks = /^commander\.(help|missingArgument|missingMandatoryOptionValue)$/.test(code);
  return exitCode === 0 || (lacks && words.slice(nameLength(words)).every((word) => known.includes(word)));
}

/** The options that the command of these words takes, as they are typed. */
function optionsOf(program: Command, words: readonly string[]): readonly (string | undefined)[] {
  const [noun, verb] = words;
  const first = program.commands.find((each) => each.name() === noun);
  const command = first?.commands.find((each) => each.name() === verb) ?? first;
  return [program, ...(command ? [command] : [])].flatMap(({ options }) => options.map(({ long }) => long));
}

/** Words of a command's name: noun and verb, or one. */
function nameLength([noun]: readonly string[]): number {
  const entry = COMMANDS[noun!];
  return entry && "verbs" in entry ? 2 : 1;
}

function valueOf(word: string, other: string): string {
  const [first] = word.split("|");
  if (/^[A-Z]+$/.test(first!)) return VALUES[first!] ?? other;
  if (/^\d\.\.\d$/.test(word)) return word[0]!;
  return /^(<.*>|\$\{.*\}|0x[0-9a-f]*(…|\.\.\.))$/.test(word) ? other : first!;
}

function allOf(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(allOf)];
}
