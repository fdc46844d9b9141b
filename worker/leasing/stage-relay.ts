import type { Stage, WorkerMessage } from "../../protocol/messages.ts";

/** How often the pool is told where a lease is, in milliseconds. */
const EVERY_MS = 1_000;

/** Tells the pool where a lease is, where that lasts: what is over within a second is passed over. */
interface StageRelay {
  tell(stage: Stage, percent?: number): void;
  /** Tells nothing more: the answer says it all. */
  close(): void;
}

export function createStageRelay(
  leaseId: string,
  send: (message: WorkerMessage) => void,
  everyMs = EVERY_MS,
): StageRelay {
  let latest: WorkerMessage | undefined;
  const say = (): void => {
    if (latest) send(latest);
    latest = undefined;
  };
  const timer = setInterval(say, everyMs);
  timer.unref();
  return {
    tell: (stage, percent) => {
      latest = { type: "progress", leaseId, stage, ...(percent === undefined ? {} : { percent }) };
    },
    close: () => clearInterval(timer),
  };
}
