import type { Vote } from "./vote-state.ts";

/**
 * Reasons to refuse or fail that may pass. The pool's own table: whether trying again helps is not for a stranger's machine
 * to say.
 */
const PASSING: ReadonlySet<string> = new Set([
  "GM_ABORTED",
  "GM_CACHE_FULL",
  "GM_CHAIN_UNREACHABLE",
  "GM_DISK_FULL",
  "GM_DRAINING",
  "GM_ENGINE_UNREACHABLE",
  "GM_INPUT_NOT_SERVED",
  "GM_NO_CAPACITY",
  "GM_REGISTRY_UNREACHABLE",
  "GM_RUN_INTERRUPTED",
  "GM_TASK_RUNNING",
]);

/** Stands beside a vote that is not believed any more, since its worker was caught with another: that task is no longer for it. */
export const DOUBTED = "GM_VOTE_DOUBTED";

const FIRST_WAIT_SECONDS = 60;
const LONGEST_WAIT_SECONDS = 3_600;

/** Whether this vote bars its worker from another lease for the same task, now or for ever. */
export function bars(vote: Vote, now: number): boolean {
  if (!isPassing(vote)) return true;
  return now < vote.at + waitAfter(vote.tries ?? 1);
}

/** Ended in a way that another try may mend; another lease takes the place of such a vote. */
export function isPassing({ state, code }: Vote): boolean {
  if (state === "lost") return code !== DOUBTED;
  return (state === "refused" || state === "failed") && code !== undefined && PASSING.has(code);
}

/**
 * Seconds to wait after so many tries of the same thing: none after the first, then four times as long each time. So
 * whatever goes wrong again and again, for a reason that nobody foresaw, costs little.
 */
export function waitAfter(tries: number): number {
  return tries < 2 ? 0 : Math.min(FIRST_WAIT_SECONDS * 4 ** (tries - 2), LONGEST_WAIT_SECONDS);
}
