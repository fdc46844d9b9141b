import { Option } from "commander";

import { parseCategory, parseCpus, parseMemory } from "./args.ts";

/**
 * Options that several commands take, each saying in its own words what it asks for. `typed` is the default as a person
 * would type it, and help shows it so; without it there is none.
 */
export function cpusOption(says: string, typed?: string): Option {
  return optionOf("--cpus <n>", parseCpus, says, typed);
}

export function memoryOption(says: string, typed?: string): Option {
  return optionOf("--memory <size>", parseMemory, says, typed);
}

export function diskOption(says: string, typed?: string): Option {
  return optionOf("--disk <size>", parseMemory, says, typed);
}

export function categoryOption(says: string, typed?: string): Option {
  return optionOf("--category <0..4>", parseCategory, says, typed);
}

function optionOf(flags: string, read: (text: string) => number, says: string, typed: string | undefined): Option {
  const option = new Option(flags, says).argParser(read);
  return typed === undefined ? option : option.default(read(typed), typed);
}

/** What the commands on a pool take where no pool is named. */
export const LOCAL_POOL = "pool id (default: 1, that of a local market)";

/** The arguments of `option` for a live view. */
export const WATCH: readonly [string, string, boolean] = ["--watch", "show every change until Ctrl-C", false];
