import { adaptiveReplication } from "./adaptive.ts";
import { credibility } from "./credibility.ts";
import { gridmill } from "./gridmill.ts";
import type { Choice } from "./gridmill.ts";
import { majority } from "./majority.ts";
import type { Policy } from "./outcome.ts";

/** A policy with its numbers. */
export type Setting = { readonly policy: PolicyName; readonly name: string; readonly run: Policy };

/** In the order in which they are told. */
export const POLICIES = ["majority", "credibility", "BOINC", "Gridmill"] as const;
export type PolicyName = (typeof POLICIES)[number];

const percent = (share: number): string => `${share * 100} %`;
/** Sarmenta's examples check one task in ten. */
const CHECK_RATE = 0.1;

const voting = (m: number): Setting => ({ policy: "majority", name: `${m} agree`, run: majority(m) });
const credible = (error: number): Setting => ({
  ...{ policy: "credibility", name: `error ${percent(error)}` },
  run: credibility(error, CHECK_RATE),
});
const adaptive = (agreeing: number, after: number): Setting => ({
  ...{ policy: "BOINC", name: `${agreeing} agree, trusts after ${after}` },
  run: adaptiveReplication(agreeing, after),
});
const ours = (trust: number): Setting => ({ policy: "Gridmill", name: `trust ${trust}`, run: gridmill({ trust }) });

/** What is compared everywhere. Of Gridmill the trust alone varies: all else is as it comes. */
export const SETTINGS: readonly Setting[] = [
  ...[1, 2, 3, 4, 5].map(voting),
  ...[0.1, 0.05, 0.02, 0.01, 0.005, 0.001].map(credible),
  ...[adaptive(2, 10), adaptive(3, 10), adaptive(2, 50), adaptive(3, 50)],
  ...[3, 5, 10, 17, 30, 100, 1_000].map(ours),
];

/** The few of them that are followed over other axes. */
export const SOME: readonly Setting[] = [
  ...[voting(2), voting(3), credible(0.05), credible(0.01), adaptive(2, 10)],
  ...[ours(3), ours(10), ours(17), ours(100)],
];

/** A change of one number of ours, from what it comes with. */
export const CHANGES: readonly Partial<Choice>[] = [
  {},
  ...[0, 0.25, 0.5, 1].map((watch) => ({ watch })),
  ...[2, 4, 8].map((maxWeight) => ({ maxWeight })),
  ...[2, 4, 32].map((bond) => ({ bond })),
  ...[10, 200].map((epoch) => ({ epoch })),
  ...[5, 20].map((free) => ({ free })),
];
