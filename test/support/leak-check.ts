import { readdirSync, readFileSync } from "node:fs";

import { openThings } from "./open-things.ts";
import { containersOfThisRun } from "./test-docker.ts";

/** Node's names for what a test may leave behind: child processes, listening servers, worker threads. */
const WATCHED_HANDLES = ["ProcessWrap", "TCPServerWrap", "MessagePort"] as const;

/** What is open at one moment: a name as often as there are such things. */
export type OpenNow = readonly string[];

export async function whatIsOpen(): Promise<OpenNow> {
  const handles = process
    .getActiveResourcesInfo()
    .filter((name) => (WATCHED_HANDLES as readonly string[]).includes(name));
  const containers = (await containersOfThisRun()).map((name) => `container ${name}`);
  return [...handles, ...openThings(), ...containers];
}

/** What `later` has more of than `earlier`. */
export function leaked(earlier: OpenNow, later: OpenNow): OpenNow {
  const known = [...earlier];
  return later.filter((name) => {
    const at = known.indexOf(name);
    if (at >= 0) known.splice(at, 1);
    return at < 0;
  });
}

/** Pid and command line of every child of this process, to say which one was left. */
export function ownChildren(): readonly string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const parent = /\nPPid:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
        if (parent !== `${process.pid}`) return [];
        return [`${pid} ${readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").slice(0, 120)}`];
      } catch {
        return []; // it ended while we looked
      }
    });
}
