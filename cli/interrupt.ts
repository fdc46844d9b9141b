import { InterruptedError } from "./errors.ts";

let controller: AbortController | undefined;

/**
 * Aborts on the first Ctrl-C or SIGTERM, so that commands end in an orderly way; the second one ends the process at
 * once. The handlers are installed by the first call and stay.
 */
export function interruptSignal(): AbortSignal {
  if (controller) return controller.signal;
  const made = new AbortController();
  const onSignal = (): void => {
    if (made.signal.aborted) process.exit(130);
    made.abort(new InterruptedError("Interrupted", { hint: "Nothing that was paid is lost: see gridmill task list" }));
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  controller = made;
  return made.signal;
}
