import type { Context } from "../../cli/context.ts";
import { createPrinter } from "../../cli/print.ts";
import type { Sink } from "../../cli/sink.ts";

const NOWHERE: Sink = { write: () => true };

/** What a command gets, for what it does and not for what it says. */
export function silentContext(): Context {
  const printer = createPrinter({ json: true, quiet: true, out: NOWHERE, err: NOWHERE });
  return { ...printer, signal: new AbortController().signal } as unknown as Context;
}
