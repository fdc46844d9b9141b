import { codeOf, GridmillError } from "../protocol/errors.ts";

/** What the shell sees; docs/cli.md lists which error ends with which. */
export const EXIT = {
  done: 0,
  taskFailed: 1,
  usage: 2,
  refused: 3,
  unreachable: 4,
  timedOut: 5,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The codes that are neither a refusal nor a part that did not answer. */
const BY_CODE: Readonly<Record<string, ExitCode>> = {
  GM_UNEXPECTED: EXIT.taskFailed,
  GM_RESULT_MISMATCH: EXIT.taskFailed,
  GM_USAGE: EXIT.usage,
  GM_BAD_INPUT: EXIT.usage,
  GM_BAD_CONFIG: EXIT.usage,
  GM_BAD_PARAMS: EXIT.usage,
  GM_BAD_APP: EXIT.usage,
  GM_BAD_KEY: EXIT.usage,
  GM_UNKNOWN_NETWORK: EXIT.usage,
  GM_NO_KEY: EXIT.usage,
  GM_WRONG_PASSPHRASE: EXIT.usage,
  GM_NO_OFFER: EXIT.refused,
  GM_ALLOWANCE_LOW: EXIT.refused,
  GM_NO_FUNDS: EXIT.refused,
  GM_NO_GAS_MONEY: EXIT.refused,
  GM_TOO_EARLY: EXIT.refused,
  GM_NOT_UP: EXIT.unreachable,
  GM_PART_MISSING: EXIT.unreachable,
  GM_PORT_TAKEN: EXIT.unreachable,
  GM_TIMED_OUT: EXIT.timedOut,
  GM_INTERRUPTED: EXIT.interrupted,
};

/** Everything else: what may succeed later was a service that failed us, what will not was a refusal. */
export function exitCodeOf(error: unknown): ExitCode {
  const known = BY_CODE[codeOf(error)];
  if (known !== undefined) return known;
  return error instanceof GridmillError && error.retryable ? EXIT.unreachable : EXIT.refused;
}

/** Ends the command with a code after it has already said everything that there is to say. */
export class ExitWith extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode) {
    super(`exit ${exitCode}`);
    this.exitCode = exitCode;
  }
}
