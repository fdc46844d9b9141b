import type { WorkerMessage } from "../../protocol/messages.ts";

/** Most characters of one log message. */
export const LOG_CHUNK = 16_384;
/** Characters that a task may send at once, and how many come back each second. */
const BURST = 65_536;
const PER_SECOND = 16_384;
const FLUSH_MS = 250;

/** Carries a task's log lines to the pool: gathered, cut to size, and no faster than the gateway wants them. */
interface LogRelay {
  write(text: string): void;
  /** Sends what is left and stops. */
  close(): void;
}

/** @param now milliseconds that only grow */
export function createLogRelay(
  leaseId: string,
  send: (message: WorkerMessage) => void,
  now: () => number = () => performance.now(),
): LogRelay {
  let waiting = "";
  let left = 0;
  let tokens = BURST;
  let filledAt = now();

  const refill = (): void => {
    const at = now();
    tokens = Math.min(BURST, tokens + ((at - filledAt) / 1_000) * PER_SECOND);
    filledAt = at;
  };
  const say = (text: string): void => {
    for (let at = 0; at < text.length; at += LOG_CHUNK) {
      send({ type: "log", leaseId, text: text.slice(at, at + LOG_CHUNK) });
    }
  };
  const flush = (): void => {
    const notice = left > 0 ? `\n[${left} characters of this log were left out]\n` : "";
    if (waiting || notice) say(waiting + notice);
    waiting = "";
    left = 0;
  };
  const timer = setInterval(flush, FLUSH_MS);
  timer.unref();

  return {
    write: (text) => {
      refill();
      const taken = text.slice(0, Math.floor(tokens));
      tokens -= taken.length;
      // What does not fit is counted, not kept: a task that prints for ever must not fill this machine's memory.
      left += text.length - taken.length;
      waiting += taken;
    },
    close: () => {
      clearInterval(timer);
      flush();
    },
  };
}
