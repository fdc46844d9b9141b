import { pino } from "pino";
import type { Logger } from "pino";

import { errorData } from "../../protocol/errors.ts";
import { endsInTime, NOT_IN_TIME, STOP_MS } from "./ends-in-time.ts";

/** A service that runs. */
type Running = {
  /** What whoever waits for it has to know, such as its `url`. */
  readonly facts: Readonly<Record<string, string>>;
  /** Rejects when it cannot go on by itself. Never resolves before it is stopped. */
  readonly ended?: Promise<void>;
  /** How long it may take to finish what it has begun, in milliseconds; without it a second signal ends the process. */
  readonly drainMs?: number;
  /** Lets go of everything, in order; once `hurry` aborts, without finishing anything. */
  stop(hurry: AbortSignal): Promise<void>;
};

/** A service as its room has it. */
type Program<C> = {
  readonly loadConfig: () => C;
  /** What every line of the log carries. */
  readonly logBase?: (config: C) => Readonly<Record<string, string>>;
  readonly start: (config: C, log: Logger) => Promise<Running>;
};

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/**
 * Runs a service as a process: one log line with `"msg":"ready"` says that it works, SIGTERM or SIGINT stops it (a second
 * one: at once), and it exits 0, or 1 with code and hint on stderr when it cannot start or go on; 1 also when something keeps
 * it from stopping for ten seconds beyond its own time.
 */
export async function runService<C extends { readonly logLevel: string }>(program: Program<C>): Promise<void> {
  try {
    const config = program.loadConfig();
    const log = pino({ level: config.logLevel, base: program.logBase?.(config) ?? null });
    const service = await program.start(config, log);
    const asked = nextSignal(); // before anybody hears that it is ready
    log.info(service.facts, "ready");
    const inTime = await untilStopped(service, asked, log);
    if (!inTime) log.warn(NOT_IN_TIME);
    process.exit(inTime ? 0 : 1);
  } catch (error) {
    const { code, message, hint } = errorData(error);
    process.stderr.write(`${code}: ${message}\n${hint === undefined ? "" : `${hint}\n`}`);
    process.exit(1);
  }
}

/** @returns whether it stopped in time when it was asked to */
async function untilStopped({ ended, drainMs, stop }: Running, asked: Promise<void>, log: Logger): Promise<boolean> {
  try {
    await Promise.race([asked, ...(ended ? [ended] : [])]);
  } catch (error) {
    await endsInTime(stop(AbortSignal.abort()));
    throw error;
  }
  log.info("stopping");
  if (drainMs === undefined) return await endsInTime(stop(AbortSignal.abort()));
  return await endsInTime(stop(hurryAfter(drainMs)), drainMs + STOP_MS);
}

/** Aborts at the next signal, or when the time is over. */
function hurryAfter(milliseconds: number): AbortSignal {
  const again = new AbortController();
  void nextSignal().then(() => again.abort());
  return AbortSignal.any([again.signal, AbortSignal.timeout(milliseconds)]);
}

/** Afterwards both signals mean what they mean to every process. */
function nextSignal(): Promise<void> {
  return new Promise((resolve) => {
    const heard = (): void => {
      for (const signal of SIGNALS) process.off(signal, heard);
      resolve();
    };
    for (const signal of SIGNALS) process.on(signal, heard);
  });
}
