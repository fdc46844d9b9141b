import { once } from "node:events";

import { pino } from "pino";
import type { Logger } from "pino";

import { endsInTime, NOT_IN_TIME, STOP_MS } from "../../chain/node/ends-in-time.ts";
import type { Context } from "../context.ts";
import { facts } from "../print.ts";

const STDERR = 2;

/** The log of a service that runs in this process: on stderr, since stdout is the command's answer. */
export function serviceLog(level: string, base: Readonly<Record<string, string>> | null): Logger {
  return pino({ level, base }, pino.destination(STDERR));
}

/** A service that runs in this process. */
type Foreground = {
  /** What it is called: `pool` or `worker`. */
  readonly name: string;
  /** What people and scripts want to know of it: its address, where it listens. */
  readonly facts: Readonly<Record<string, string | bigint>>;
  /** Rejects when it cannot go on by itself; never resolves before it is stopped. */
  readonly ended?: Promise<void>;
  /** Lets go of everything, in order. */
  stop(): Promise<void>;
  /** How long its own work may hold that up, in milliseconds. Default 0. */
  readonly drainMs?: number;
};

/**
 * Says that the service is ready, stays until Ctrl-C, SIGTERM or its own failure, and stops it. With `--json` an object
 * a line: `ready`, then `stopped`; the service's log goes to stderr.
 */
export async function runForeground(context: Context, service: Foreground): Promise<void> {
  const { signal, print, note } = context;
  const { name } = service;
  try {
    print(
      { event: "ready", name, ...service.facts },
      () => `The ${name} is ready. Ctrl-C stops it.\n${facts(service.facts)}`,
    );
    const interrupted = signal.aborted ? Promise.resolve() : once(signal, "abort");
    await Promise.race([interrupted, ...(service.ended ? [service.ended] : [])]);
    note(`stopping the ${name}`);
  } finally {
    if (!(await endsInTime(service.stop(), STOP_MS + (service.drainMs ?? 0)))) {
      note(NOT_IN_TIME);
      process.exit(1); // what does not answer would keep the process, too
    }
  }
  print({ event: "stopped", name }, "");
}
