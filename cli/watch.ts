import { setTimeout as sleep } from "node:timers/promises";

import { toJson } from "../protocol/json.ts";
import type { Context } from "./context.ts";

/** A question whose answer changes. */
type View<T> = {
  readonly ask: () => Promise<T>;
  readonly text: (value: T) => string;
  /** How long to wait before it is asked again, in milliseconds. Default 2,000. */
  readonly againMs?: number;
};

/**
 * Prints an answer; with `watch`, whenever it changes until Ctrl-C: in place on a terminal, else one after the other
 * (an object a line with `--json`).
 */
export async function showView<T>(
  context: Context,
  watch: boolean,
  { ask, text, againMs = 2_000 }: View<T>,
): Promise<void> {
  let last: string | undefined;
  do {
    const value = await ask();
    const said = toJson(value);
    if (said !== last) show(context, watch, value, () => text(value));
    last = said;
  } while (watch && (await goesOn(context.signal, againMs)));
  if (watch) context.signal.throwIfAborted();
}

function show(context: Context, watch: boolean, value: unknown, text: () => string): void {
  if (watch && context.live && !context.json) context.progress(text().split("\n"));
  else context.print(value, text);
}

/** Whether nobody has interrupted by the time of the next question. */
async function goesOn(signal: AbortSignal, againMs: number): Promise<boolean> {
  return await sleep(againMs, true, { signal }).catch(() => false);
}
