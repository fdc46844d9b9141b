import { join } from "node:path";

import type { BadMarket } from "./e2e-bad-market.ts";
import { endOf } from "./e2e-ended.ts";
import type { Ended } from "./e2e-ended.ts";
import { tempDir } from "./temp-dir.ts";

/** One thing that somebody does wrong, how it ends, and what it costs the requester, in wei (default nothing). */
export type Case = {
  readonly name: string;
  readonly act: (market: BadMarket) => Promise<Ended>;
  readonly ends: Ended;
  readonly costs?: bigint;
};

/** `gridmill run` with these arguments, and a folder for results that goes again. */
export function run(...args: readonly string[]): Case["act"] {
  return async ({ local }: BadMarket): Promise<Ended> => {
    await using dir = await tempDir();
    return await endOf(local, ["run", "--yes", "--out", join(dir.path, "out"), ...args]);
  };
}
