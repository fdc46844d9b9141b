import type { Child } from "./child.ts";

/** A server that Gridmill needs and has started, or found running. */
export interface Part extends AsyncDisposable {
  readonly name: string;
  /** How clients reach it. */
  readonly url: string;
  /** Undefined when it was found running. */
  readonly pid: number | undefined;
  /** Stops it if it was started here; returns when it has ended. */
  stop(): Promise<void>;
}

/** The part that a child process is. */
export function partOf({ name, pid, stop }: Child, url: string): Part {
  return { name, url, pid, stop, [Symbol.asyncDispose]: stop };
}
