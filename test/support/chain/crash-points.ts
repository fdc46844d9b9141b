/** What every call throws once the process that makes it is to be dead. */
export class Crash extends Error {}

/** Counts the calls of several objects, and dies at one of them. */
export interface CrashPoints {
  /** The same object, whose methods die with the process. */
  wrap<T extends object>(port: T): T;
  /** Aborts at the crash. */
  readonly died: AbortSignal;
}

/**
 * Dies just before the `at`th call of a method does anything, or (`after`) when it has done everything but has not
 * returned. From then on every call throws, as nothing that a dead process would still do may have an effect.
 */
export function crashAt(at: number, when: "before" | "after"): CrashPoints {
  const died = new AbortController();
  let calls = 0;

  function die(): never {
    died.abort(new Crash());
    throw new Crash();
  }

  async function guarded(call: () => unknown): Promise<unknown> {
    if (died.signal.aborted) throw new Crash();
    const isTheOne = calls++ === at;
    if (isTheOne && when === "before") die();
    const result = await call();
    if (isTheOne || died.signal.aborted) die();
    return result;
  }

  function wrap<T extends object>(port: T): T {
    const entries = Object.entries(port).map(([name, member]: [string, unknown]) => [
      name,
      isMethod(member) ? (...args: unknown[]) => guarded(() => member(...args)) : member,
    ]);
    return Object.fromEntries(entries) as T;
  }

  return { wrap, died: died.signal };
}

function isMethod(member: unknown): member is (...args: readonly unknown[]) => unknown {
  return typeof member === "function";
}
