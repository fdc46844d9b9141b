import { z } from "zod";

import { BadInputError } from "./errors.ts";
import { HashSchema } from "./primitives.ts";
import type { Hash } from "./primitives.ts";
import { remembering } from "./remembering.ts";

/** The seven numeric lanes, from the most significant end of the word; each is a uint32. */
export const RESOURCE_LANES = [
  "cpuMillicores",
  "memoryMiB",
  "diskMiB",
  "gpus",
  "gpuMemoryMiB",
  "benchmark",
  "bandwidthMbits",
] as const;

/** Bit positions in the lowest 32 bits. */
export const FLAGS = { egress: 0, callback: 1, tee: 2, wasm: 3, gpuNvidia: 4, gpuAmd: 5, gpuIntel: 6 } as const;
export type Flag = keyof typeof FLAGS;

const laneValue = z.int().min(0).max(0xffff_ffff);

/**
 * What a worker or pool offers, or a task requires: the same vector on both sides, compared lane by lane.
 * Units are in the names; `benchmark` is the score of the admission benchmark, `bandwidthMbits` is Mbit/s.
 */
const ResourcesSchema = z.object({
  cpuMillicores: laneValue,
  memoryMiB: laneValue,
  diskMiB: laneValue,
  gpus: laneValue,
  gpuMemoryMiB: laneValue,
  benchmark: laneValue,
  bandwidthMbits: laneValue,
  flags: z.array(z.enum(Object.keys(FLAGS) as [Flag, ...Flag[]])).readonly(),
});
export type Resources = Readonly<z.output<typeof ResourcesSchema>>;

export const NO_RESOURCES: Resources = {
  cpuMillicores: 0,
  memoryMiB: 0,
  diskMiB: 0,
  gpus: 0,
  gpuMemoryMiB: 0,
  benchmark: 0,
  bandwidthMbits: 0,
  flags: [],
};

/** Packs a vector into the `bytes32` of orders and deals. Twin of `contracts/types/Capabilities.sol`. */
export function packResources(resources: Resources): Hash {
  const parsed = ResourcesSchema.safeParse(resources);
  if (!parsed.success) throw new BadInputError(`Resources out of range: ${z.prettifyError(parsed.error)}`);
  const lanes = RESOURCE_LANES.reduce((word, lane) => (word << 32n) | BigInt(resources[lane]), 0n);
  const flags = resources.flags.reduce((bits, flag) => bits | (1n << BigInt(FLAGS[flag])), 0n);
  return `0x${((lanes << 32n) | flags).toString(16).padStart(64, "0")}`;
}

/** Reads a packed vector; flags that this version does not know are ignored here but still compared by {@link shortfalls}. */
export function unpackResources(word: Hash): Resources {
  return unpacked(word).resources;
}

/** A pool asks this of the same few machines for every task. */
const unpacked = remembering((word) => {
  const bits = BigInt(HashSchema.parse(word));
  const lane = (index: number): number => Number((bits >> BigInt(32 * (7 - index))) & 0xffff_ffffn);
  const numbers = Object.fromEntries(RESOURCE_LANES.map((name, index) => [name, lane(index)]));
  const flags = (Object.keys(FLAGS) as Flag[]).filter((flag) => (bits >> BigInt(FLAGS[flag])) & 1n);
  const allFlags = Array.from({ length: 32 }, (_unused, bit) => bit).filter((bit) => (bits >> BigInt(bit)) & 1n);
  return { resources: { ...NO_RESOURCES, ...numbers, flags }, allFlags };
});

/** The lanes and flags in which `offered` falls short of `required`; empty when it covers everything. */
export function shortfalls(offered: Hash, required: Hash): readonly string[] {
  const [offer, need] = [unpacked(offered), unpacked(required)];
  const lanes = RESOURCE_LANES.filter((name) => offer.resources[name] < need.resources[name]);
  const flags = need.allFlags.filter((bit) => !offer.allFlags.includes(bit));
  return [...lanes, ...flags.map(flagName)];
}

function flagName(bit: number): string {
  const known = (Object.keys(FLAGS) as Flag[]).find((flag) => FLAGS[flag] === bit);
  return known ?? `flag ${bit}`;
}
