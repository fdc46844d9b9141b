import { resolve } from "node:path";

import { categorySeconds } from "../../protocol/categories.ts";
import type { Resources } from "../../protocol/capabilities.ts";
import { toJson } from "../../protocol/json.ts";
import type { Weights } from "../../protocol/placement-weights.ts";
import type { Address } from "../../protocol/primitives.ts";
import { inputFile } from "../../sdk/node/input-file.ts";
import type { RequestSpec } from "../../sdk/request-spec.ts";

import type { InputArg } from "../args.ts";

import { DEFAULT_REQUIREMENTS } from "./target.ts";
import type { Target } from "./target.ts";

/** What `gridmill run` is told. Prices in wei per task, times in seconds. */
export type RunOptions = {
  readonly input: readonly InputArg[];
  readonly env: Readonly<Record<string, string>>;
  readonly trust: number;
  readonly category?: number;
  readonly dataset?: bigint;
  readonly maxPrice?: bigint;
  readonly tasks: number;
  readonly pool?: bigint;
  readonly payer?: Address;
  readonly cpus?: number;
  readonly memory?: number;
  readonly seconds?: number;
  readonly weigh?: Weights;
  readonly out?: string;
  readonly timeout?: number;
  readonly detach: boolean;
  readonly dryRun: boolean;
  readonly yes: boolean;
};

/** A request but for its app. */
export type Draft = Omit<RequestSpec, "app">;

/** Reads the inputs and completes what was not said from the app's manifest. @throws BadInputError for unreadable inputs */
export async function draftOf(target: Target, args: readonly string[], options: RunOptions): Promise<Draft> {
  const uploads = await Promise.all(options.input.map(({ path, name }) => inputFile(resolve(path), name)));
  const manifest = target.kind === "folder" ? target.manifest : NO_MANIFEST;
  const { dataset, maxPrice, pool, payer, trust, tasks, category = manifest.category } = options;
  return {
    ...{ volume: tasks, trust, category, uploads },
    params: paramsText(args.length > 0 ? args : manifest.args, uploads, options),
    requirements: requirementsOf(manifest.requirements, options),
    ...(dataset === undefined ? {} : { dataset }),
    ...(pool === undefined ? {} : { pool }),
    ...(payer === undefined ? {} : { payer }),
    ...(maxPrice === undefined ? {} : { maxPoolPrice: maxPrice, maxAppPrice: maxPrice, maxDatasetPrice: maxPrice }),
  };
}

/** What an image says of itself: nothing. */
export const NO_MANIFEST = { args: [], category: 0, requirements: {} } as const;

function paramsText(args: readonly string[], uploads: Draft["uploads"], { env, seconds, weigh }: RunOptions): string {
  const inputs = uploads.map(({ name, sha256, bytes }) => ({ name, sha256, bytes }));
  const weights = weigh === undefined ? {} : { weights: weigh };
  return toJson({ version: 1, args, env, inputs, ...(seconds === undefined ? {} : { seconds }), ...weights });
}

/** What a task needs: what the app says of itself, and what the command line says instead. */
export function requirementsOf(
  own: Partial<Resources>,
  { cpus, memory }: Pick<RunOptions, "cpus" | "memory">,
): Resources {
  return {
    ...DEFAULT_REQUIREMENTS,
    ...own,
    ...(cpus === undefined ? {} : { cpuMillicores: cpus }),
    ...(memory === undefined ? {} : { memoryMiB: memory }),
  };
}

/** Minutes that a task of this category may take on the reference machine, for people. */
export function categoryMinutes(category: number): number {
  return categorySeconds(category) / 60;
}
