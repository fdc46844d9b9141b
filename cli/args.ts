import { InvalidArgumentError } from "commander";

import { parseMill as millToWei } from "../protocol/amounts.ts";
import { FileNameSchema } from "../protocol/params.ts";
import { CRITERIA, WeightsSchema } from "../protocol/placement-weights.ts";
import type { Weights } from "../protocol/placement-weights.ts";
import { AddressSchema, HashSchema, Sha256Schema, UNLIMITED } from "../protocol/primitives.ts";
import type { Address, Hash } from "../protocol/primitives.ts";

/**
 * Readers of arguments and options, for commander. Each throws InvalidArgumentError, which commander completes with the
 * name of the option, so that a wrong word is named before anything is opened.
 */
export function parseTaskId(text: string): Hash {
  return orRefuse(HashSchema.safeParse(text), "A task id is 0x and 64 hex digits");
}

/** Width and height in pixels. */
export type Size = { readonly width: number; readonly height: number };

export function parseSize(text: string): Size {
  const [, width, height] = /^([1-9]\d{0,4})x([1-9]\d{0,4})$/.exec(text) ?? [];
  if (width === undefined) throw new InvalidArgumentError("Expected a size in pixels, such as 640x480.");
  return { width: Number(width), height: Number(height) };
}

export function parseDealId(text: string): Hash {
  return orRefuse(HashSchema.safeParse(text), "A deal id is 0x and 64 hex digits");
}

export function parseHash(text: string): Hash {
  return orRefuse(HashSchema.safeParse(text), "Expected 0x and 64 hex digits");
}

/** The sha256 of an image, with or without what a reference has before it. */
export function parseSha256(text: string): string {
  return orRefuse(Sha256Schema.safeParse(text.replace(/^sha256:/, "")), "Expected 64 hex digits, as the list has them");
}

export function parseAddress(text: string): Address {
  return orRefuse(AddressSchema.safeParse(text), "An address is 0x and 40 hex digits");
}

/** An amount in MILL such as `1.5`, as wei. */
export function parseMill(text: string): bigint {
  try {
    return millToWei(text);
  } catch {
    throw new InvalidArgumentError("Expected an amount in MILL with at most 18 decimals, such as 1.5");
  }
}

/** An amount in MILL such as `1.5`, or `unlimited`, which is never used up. */
export function parseAllowance(text: string): bigint {
  return text === "unlimited" ? UNLIMITED : parseMill(text);
}

/** An amount of the chain's own currency such as `0.5`, as wei: it has as many decimals as MILL. */
export function parseEther(text: string): bigint {
  try {
    return millToWei(text);
  } catch {
    throw new InvalidArgumentError("Expected an amount with at most 18 decimals, such as 0.5");
  }
}

/** An id of an app, dataset or pool. */
export function parseId(text: string): bigint {
  if (!/^[1-9]\d{0,76}$/.test(text)) throw new InvalidArgumentError("Expected a whole number from 1");
  return BigInt(text);
}

/** The URL of a service. */
export function parseHttpUrl(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError("Expected a URL such as http://127.0.0.1:8545");
}

/** Where a Redis is. */
export function parseRedisUrl(text: string): string {
  if (/^rediss?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError("Expected a URL such as redis://127.0.0.1:6379");
}

/** A whole number within bounds, both included. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}`);
  };
}

export const parseCategory: (text: string) => number = wholeNumber(0, 4);
export const parseTrust: (text: string) => number = wholeNumber(2, 0xffff_ffff);
export const parseTasks: (text: string) => number = wholeNumber(1, 100_000);
export const parsePort: (text: string) => number = wholeNumber(0, 65_535);

/** `1.5` cores, as thousandths of a core. */
export function parseCpus(text: string): number {
  const value = /^\d{1,4}(\.\d{1,3})?$/.test(text) ? Math.round(Number(text) * 1_000) : 0;
  if (value === 0) throw new InvalidArgumentError("Expected a number of cores with at most 3 decimals, such as 0.5");
  return value;
}

/** `512M` or `2G`, as MiB. */
export function parseMemory(text: string): number {
  const [, number, unit] = /^([1-9]\d{0,6})([MG])(?:i?B)?$/i.exec(text) ?? [];
  if (number === undefined) throw new InvalidArgumentError("Expected a size such as 512M or 2G");
  return Number(number) * (unit!.toUpperCase() === "G" ? 1_024 : 1);
}

const UNIT_SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** `90s`, `10m`, `2h` or `7d`, as seconds. */
export function parseDuration(text: string): number {
  const [, number, unit] = /^([1-9]\d{0,5})([smhd])$/.exec(text) ?? [];
  if (number === undefined) throw new InvalidArgumentError("Expected a time such as 90s, 10m, 2h or 7d");
  return Number(number) * UNIT_SECONDS[unit as keyof typeof UNIT_SECONDS];
}

/** An input file: where it is, and under which name the task sees it. */
export type InputArg = { readonly path: string; readonly name: string };

/**
 * Collects `--input PATH[=NAME]`. What stands after the last `=` is the name, unless it holds a slash: then the sign
 * belongs to the path. Two inputs cannot have one name.
 */
export function collectInput(text: string, before: readonly InputArg[] = []): readonly InputArg[] {
  const [, path, given] = /^(.+)=([^=/]+)$/s.exec(text) ?? [undefined, text, undefined];
  const name = FileNameSchema.safeParse(given ?? path.split("/").findLast((part) => part !== ""));
  if (!name.success) throw new InvalidArgumentError("Expected PATH or PATH=NAME, the name without slashes");
  if (before.some((input) => input.name === name.data)) {
    throw new InvalidArgumentError(`Two inputs would be called ${name.data}: name one of them with PATH=NAME`);
  }
  return [...before, { path: path, name: name.data }];
}

/** Collects `--env NAME=VALUE`. */
export function collectEnv(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError("Expected NAME=VALUE");
  return { ...before, [name]: value! };
}

/** `speed=3,trust=1`: what counts of the workers, and how much. */
export function parseWeights(text: string): Weights {
  const words = text.split(",").map((word) => /^([a-z]+)=(\d{1,3})$/.exec(word));
  const read = words.every((word) => word !== null) ? words.map(([, name, weight]) => [name!, Number(weight)]) : [];
  const named = new Set(read.map(([name]) => name));
  if (named.size === read.length && read.length > 0) {
    const parsed = WeightsSchema.safeParse(Object.fromEntries(read));
    if (parsed.success) return parsed.data;
  }
  throw new InvalidArgumentError(`Expected some of ${CRITERIA.join(", ")}, each up to 100, such as speed=3,trust=1`);
}

function orRefuse<T>(parsed: { success: true; data: T } | { success: false }, message: string): T {
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError(message);
}
