import type { Logger } from "pino";

import type { Executor } from "../executor/executor.ts";

/** Knows whether the container engine can be had: leases that would fail for want of it are not taken. */
export interface EngineWatch {
  answers(): boolean;
  /** Hears the code of each lease that was refused. */
  refused(code: string): void;
  /** Looks whether an engine that went away is back. @throws EngineUnreachableError while it is not */
  look(): Promise<void>;
}

/** An engine counts as there until a run fails because it is not; the first sweep that works brings it back. */
export function createEngineWatch({ sweep }: Pick<Executor, "sweep">, log: Logger): EngineWatch {
  let isAway = false;
  return {
    answers: () => !isAway,
    refused: (code) => {
      if (code !== "GM_ENGINE_UNREACHABLE" || isAway) return;
      isAway = true;
      log.error({ code }, "the container engine does not answer: no leases until it does");
    },
    look: async () => {
      if (!isAway) return;
      await sweep();
      isAway = false;
      log.info("the container engine answers again");
    },
  };
}
