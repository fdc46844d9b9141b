import { confirm, isCancel, password } from "@clack/prompts";

import { DeclinedByUserError, InterruptedError, UsageError } from "./errors.ts";

/** Asks people; on stderr, so that stdout stays the answer's. */
export interface Prompts {
  /** Whether somebody sits at the terminal. */
  readonly interactive: boolean;
  /** @throws DeclinedByUserError | InterruptedError | UsageError when nobody can answer */
  confirm(question: string): Promise<void>;
  /** @throws InterruptedError */
  secret(question: string): Promise<string>;
}

export function terminalPrompts(): Prompts {
  const interactive = process.stdin.isTTY && process.stderr.isTTY;
  const streams = { input: process.stdin, output: process.stderr };
  return {
    interactive,
    async confirm(question) {
      if (!interactive) {
        throw new UsageError(`Nobody is there to answer: ${question}`, {
          hint: "Pass --yes to agree beforehand, or --dry-run to see what would happen",
        });
      }
      if (!answered(await confirm({ message: question, initialValue: false, ...streams }))) {
        throw new DeclinedByUserError("Nothing was done: the question was answered with no");
      }
    },
    secret: async (question) => answered<string>(await password({ message: question, ...streams })),
  };
}

function answered<T>(answer: T | symbol): T {
  if (isCancel(answer)) throw new InterruptedError("Interrupted: nothing was done");
  return answer as T;
}
