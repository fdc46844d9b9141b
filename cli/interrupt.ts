import { InterruptedError } from "./errors.ts";
import { EXIT, ExitWith } from "./exit-codes.ts";

let controller: AbortController | undefined;

/**
 * Aborts on the first Ctrl-C or SIGTERM, so that commands end in an orderly way; the second one ends the process at
 * once. The handlers are installed by the first call and stay.
 */
export function interruptSignal(): AbortSignal {
  if (controller) return controller.signal;
  const made = new AbortController();
  const onSignal = (): void => {
    if (made.signal.aborted) process.exit(EXIT.interrupted);
    made.abort(new InterruptedError("Interrupted", { hint: "Nothing that was paid is lost: see gridmill task list" }));
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  controller = made;
  return made.signal;
}

/**
 * Nobody may read on: behind `| head -1` a write fails with EPIPE. That is no error: whatever goes on is interrupted, and
 * the command ends without a word.
 */
export function endWhenUnread(outputs: readonly NodeJS.WritableStream[]): void {
  for (const output of outputs) {
    output.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      controller?.abort(new ExitWith(EXIT.done));
    });
  }
}
