import type { Command } from "commander";

import { loadConfig } from "./config.ts";
import type { CliConfig } from "./config.ts";
import { homePaths } from "./home.ts";
import type { HomePaths } from "./home.ts";
import { interruptSignal } from "./interrupt.ts";
import { createPrinter } from "./print.ts";
import type { Printer } from "./print.ts";

/** What every command takes; declared once, on the program. */
type SharedOptions = {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly network?: string;
  readonly account?: string;
};

/** What every command gets, from its shared options and the environment. */
export type Context = Printer & {
  readonly config: CliConfig;
  readonly home: HomePaths;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly networkName: string;
  /** Name of the key to sign with; undefined: the network's, else `default`. */
  readonly account: string | undefined;
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal;
};

export function contextOf(command: Command): Context {
  const { json, quiet, network, account } = command.optsWithGlobals<SharedOptions>();
  const config = loadConfig();
  return {
    ...createPrinter({ json, quiet, out: process.stdout, err: process.stderr }),
    config,
    home: homePaths(config.home),
    json,
    quiet,
    networkName: network ?? config.network,
    account,
    signal: interruptSignal(),
  };
}
