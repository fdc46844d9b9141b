import { errorData, GridmillError } from "../protocol/errors.ts";
import { toJson } from "../protocol/json.ts";

/** What a failed command says: one line what, one line why, one line what to do, and the code. */
type ErrorReport = { readonly text: string; readonly json: string };

export function reportError(error: unknown): ErrorReport {
  const data = errorData(error);
  const { what, why } = explain(error, data.message);
  const lines = [
    `error: ${what}`,
    ...(why ? [`why:   ${why}`] : []),
    ...(data.hint ? [`do:    ${data.hint}`] : []),
    `code:  ${data.code}`,
  ];
  return { text: lines.join("\n"), json: toJson({ error: { ...data, hint: data.hint ?? null } }) };
}

/** A message is "what: why" by habit of this project; where it is only "what", the cause says why. */
function explain(error: unknown, message: string): { what: string; why: string | undefined } {
  const [, what, why] = /^([^\n]+)\n(.+)$/s.exec(message) ?? /^(.{8,}?): (.+)$/s.exec(message) ?? [];
  if (what !== undefined && why !== undefined) return { what: oneLine(what), why: oneLine(why) };
  return { what: oneLine(message), why: causeOf(error) };
}

function causeOf(error: unknown): string | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error && cause.message) return oneLine((cause as EthersWords).shortMessage ?? cause.message);
  if (!(error instanceof GridmillError)) return undefined;
  const details = Object.entries(error.details).map(([name, value]) => `${name} ${toJson(value)}`);
  return details.length > 0 ? oneLine(details.join(", ")) : undefined;
}

/** Errors of ethers say it in a few words here, and in `message` with everything that was sent. */
type EthersWords = { readonly shortMessage?: string };

const MAX_LINE = 400;

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line;
}
