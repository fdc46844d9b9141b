import { join } from "node:path";

import type { BadMarket } from "./e2e-bad-market.ts";
import { endOf } from "./e2e-ended.ts";
import type { Ended } from "./e2e-ended.ts";
import { tempDir } from "./temp-dir.ts";

/** One row of the table of failures: what goes wrong, what somebody is told, and how soon. */
export type Row = {
  readonly name: string;
  readonly ends: Ended;
  /** Seconds until it is told, at most. */
  readonly within: number;
};

/** One thing that somebody does wrong, how it ends, and what it costs the requester, in wei (default nothing). */
export type Case = Row & {
  readonly act: (market: BadMarket) => Promise<Ended>;
  readonly costs?: bigint;
};

/** What can be known at once: seconds until a call is refused, and until a command has started, found out and ended. */
export const AT_ONCE = 3;
export const BY_COMMAND = 5;

/** A command with these arguments and environment. */
export function command(args: readonly string[], env: Readonly<Record<string, string>> = {}): Case["act"] {
  return ({ local }) => endOf(local, args, env);
}

/** `gridmill run` with these arguments, and a folder for results that goes again. */
export function run(...args: readonly string[]): Case["act"] {
  return async ({ local }: BadMarket): Promise<Ended> => {
    await using dir = await tempDir();
    return await endOf(local, ["run", "--yes", "--out", join(dir.path, "out"), ...args]);
  };
}
