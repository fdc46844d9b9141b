import { confirm, isCancel, password } from "@clack/prompts";

import { InterruptedError, NotConfirmedError } from "./errors.ts";

/** Asks people; on stderr, so that stdout stays the answer's. */
export interface Prompts {
  /** Whether somebody sits at the terminal. */
  readonly interactive: boolean;
  /** @throws NotConfirmedError when the answer is no, or nobody can answer; InterruptedError */
  confirm(question: string): Promise<void>;
  /** @throws InterruptedError */
  secret(question: string): Promise<string>;
}

const AGREE = "Answer yes, or pass --yes to agree beforehand";

export function terminalPrompts(): Prompts {
  const interactive = process.stdin.isTTY && process.stderr.isTTY;
  const streams = { input: process.stdin, output: process.stderr };
  return {
    interactive,
    async confirm(question) {
      if (!interactive) {
        throw new NotConfirmedError(`Nobody is there to answer: ${question}`, { hint: AGREE });
      }
      if (!answered(await confirm({ message: question, initialValue: false, ...streams }))) {
        throw new NotConfirmedError("Nothing was done: the question was answered with no", { hint: AGREE });
      }
    },
    secret: async (question) => answered<string>(await password({ message: question, ...streams })),
  };
}

function answered<T>(answer: T | symbol): T {
  if (isCancel(answer)) throw new InterruptedError("Interrupted: nothing was done", { hint: "Start it again" });
  return answer as T;
}
