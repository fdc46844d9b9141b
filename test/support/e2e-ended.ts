import { expect } from "chai";

import { codeOf, errorData } from "../../protocol/errors.ts";

import type { LocalMarket } from "./local-market.ts";

/** How an attempt ended, in the few words that a table of cases has room for. */
export type Ended = {
  /** Exit code, where a command was run. */
  readonly exit?: number;
  /** Code of the error, where there was one. */
  readonly code?: string;
  /** How the task ended, or why it waits. */
  readonly task?: string;
  /** What was said, for whoever has to find out why it ended otherwise; no case names it. */
  readonly said?: string;
};

/** @throws AssertionError that tells what was said */
export function expectEnded({ said, ...words }: Ended, ends: Ended): void {
  expect(words, said).to.deep.equal(ends);
}

type RunJson = {
  readonly error?: { readonly code: string; readonly message: string };
  readonly tasks?: readonly { readonly status: string; readonly reason: string | null; readonly exitCode: number }[];
};

/** Runs the command and says how it ended. */
export async function endOf(
  market: LocalMarket,
  args: readonly string[],
  env = {},
  timeoutMs = 120_000,
): Promise<Ended> {
  const { code: exit, json, stdout, stderr } = await market.run(args, { env, timeoutMs });
  if (json === undefined) throw new Error(`gridmill ${args.join(" ")}: ${exit}, without JSON\n${stdout}\n${stderr}`);
  const { error, tasks } = json as RunJson;
  if (error) return { exit, code: error.code, said: error.message };
  return { exit, task: (tasks ?? []).map(wordsOf).join(", ") };
}

function wordsOf({ status, reason, exitCode }: NonNullable<RunJson["tasks"]>[number]): string {
  return reason === null ? `${status}, exit ${exitCode}` : `${status}, failed: ${reason}`;
}

/** What somebody is told who tries something that must be refused. */
export async function refusalOf(attempt: () => Promise<unknown>): Promise<Ended> {
  try {
    await attempt();
    return { task: "accepted" };
  } catch (error) {
    return { code: codeOf(error), said: errorData(error).message };
  }
}
