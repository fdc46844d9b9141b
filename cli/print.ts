import Table from "cli-table3";

import { formatMill } from "../protocol/amounts.ts";
import { toJson } from "../protocol/json.ts";
import { UNLIMITED } from "../protocol/primitives.ts";

import { createLiveLines } from "./live-lines.ts";
import type { Sink } from "./sink.ts";

/**
 * Where a command's words go. Answers go to stdout, alone; everything else to stderr, so that `--json | jq` always works.
 */
export interface Printer {
  /** The answer, or one object of a stream: the value with `--json`, else the text. */
  print(value: unknown, text: string | (() => string)): void;
  /** What happened, for people; silent with `--quiet`. */
  note(text: string): void;
  /** How it goes on, in place of what was shown before: on a terminal only, never when piped or with `--quiet`. */
  progress(lines: string | readonly string[]): void;
  /** Whether progress is shown. */
  readonly live: boolean;
}

type PrinterOptions = {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly out: Sink;
  readonly err: Sink;
};

export function createPrinter({ json, quiet, out, err }: PrinterOptions): Printer {
  const live = err.isTTY === true && !quiet ? createLiveLines(err) : undefined;
  const note = (text: string): void => {
    live?.clear();
    if (!quiet) err.write(`${text}\n`);
  };
  return {
    print(value, text) {
      const line = json ? toJson(value) : typeof text === "string" ? text : text();
      live?.clear();
      if (line !== "") out.write(`${line}\n`);
    },
    note,
    progress: (lines) => live?.show(typeof lines === "string" ? [lines] : lines),
    live: live !== undefined,
  };
}

/** A table for people, without colours: what is piped into a file stays readable. */
export function table(head: readonly string[], rows: readonly (readonly (string | number | bigint)[])[]): string {
  const drawn = new Table({ head: [...head], style: { head: [], border: [], compact: true }, chars: PLAIN });
  for (const row of rows) drawn.push(row.map(String));
  return drawn.toString();
}

/** Two columns: what, and its value. */
export function facts(values: Readonly<Record<string, string | number | bigint | undefined>>): string {
  const shown = Object.entries(values).filter(([, value]) => value !== undefined);
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${name.padEnd(width)}  ${String(value)}`).join("\n");
}

/** What somebody may spend, in words. */
export function allowanceText(amount: bigint): string {
  return amount === UNLIMITED ? "any amount of MILL" : `${formatMill(amount)} MILL`;
}

/** Enough of a hash or address to tell it from its neighbours. */
export function short(hex: string): string {
  return hex.length > 14 ? `${hex.slice(0, 8)}…${hex.slice(-4)}` : hex;
}

const PLAIN = {
  ...{ top: "", "top-mid": "", "top-left": "", "top-right": "", bottom: "", "bottom-mid": "", "bottom-left": "" },
  ...{ "bottom-right": "", left: "", "left-mid": "", mid: "", "mid-mid": "", right: "", "right-mid": "", middle: "  " },
};
