import { setTimeout as sleep } from "node:timers/promises";

import { errorData } from "../protocol/errors.ts";
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
 * (an object a line with `--json`). An answer that does not come is waited for.
 */
export async function showView<T>(
  context: Context,
  watch: boolean,
  { ask, text, againMs = 2_000 }: View<T>,
): Promise<void> {
  let last: string | undefined;
  const asked = watch ? patient(context, ask) : ask;
  do {
    const value = await asked();
    const said = toJson(value);
    if (value !== undefined && said !== last) show(context, watch, value, () => text(value));
    last = said;
  } while (watch && (await goesOn(context.signal, againMs)));
  if (watch) context.signal.throwIfAborted();
}

/** Whoever watches is told that there is no answer, once, and the next question is another try: what is watched comes back. */
function patient<T>(context: Context, ask: () => Promise<T>): () => Promise<T | undefined> {
  let told = "";
  return async () => {
    try {
      const value = await ask();
      told = "";
      return value;
    } catch (error) {
      const { code, message, retryable } = errorData(error);
      if (!retryable) throw error;
      if (message !== told) context.note(`${code}: ${message}; trying again until Ctrl-C`);
      told = message;
      return undefined;
    }
  };
}

function show(context: Context, watch: boolean, value: unknown, text: () => string): void {
  if (watch && context.live && !context.json) context.progress(text().split("\n"));
  else context.print(value, text);
}

/** Whether nobody has interrupted by the time of the next question. */
async function goesOn(signal: AbortSignal, againMs: number): Promise<boolean> {
  return await sleep(againMs, true, { signal }).catch(() => false);
}
