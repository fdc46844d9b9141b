import { keccak256, toUtf8Bytes } from "ethers";
import { z } from "zod";

import { MIB } from "./constants.ts";
import { BadParamsError } from "./errors.ts";
import { WeightsSchema } from "./placement-weights.ts";
import { Sha256Schema } from "./primitives.ts";
import type { Hash } from "./primitives.ts";

/** Most bytes of a params text. */
export const MAX_PARAMS_BYTES = 4 * MIB;

/** Most bytes of a file name on the file systems of workers. */
const MAX_NAME_BYTES = 255;

/** A plain file name: what stands in `/input` and can neither leave it nor hide in it. */
export const FileNameSchema = z
  .string()
  .min(1)
  .refine((name) => new TextEncoder().encode(name).length <= MAX_NAME_BYTES, "must be at most 255 bytes")
  .regex(/^[^/\p{Cc}]+$/u, "must be a file name without slashes or control characters")
  .refine((name) => name !== "." && name !== "..", "must not be . or ..");

/**
 * A file that a task reads as `/input/<name>`. Without `url` the pool's own blobs hold it, uploaded by the requester
 * before the match. `bytes` is checked before a download, `sha256` after it.
 */
export const InputSchema = z.strictObject({
  name: FileNameSchema,
  sha256: Sha256Schema,
  bytes: z
    .int()
    .min(0)
    .max(1024 ** 4),
  url: z.url({ protocol: /^https?$/ }).optional(),
});
export type Input = z.output<typeof InputSchema>;

const ArgsSchema = z.array(z.string().max(32_768)).max(1_024);
const EnvSchema = z.record(
  z
    .string()
    .regex(/^(?!GRIDMILL_)[A-Za-z_][A-Za-z0-9_]{0,127}$/, "must be a variable name not starting with GRIDMILL_"),
  z.string().max(32_768),
);
const InputsSchema = z.array(InputSchema).max(1_024);
/** A tighter limit than the category's, in seconds on the reference machine; reaching it is the votable failure `time`. */
const SecondsSchema = z.int().min(1).max(36_000);

const TaskParamsSchema = z.strictObject({
  args: ArgsSchema.optional(),
  env: EnvSchema.optional(),
  inputs: InputsSchema.optional(),
  seconds: SecondsSchema.optional(),
});

/**
 * What a deal's tasks run: JSON whose exact bytes hash to the deal's `paramsHash`. Where `tasks` stands, task i uses
 * entry i: its `args` and `seconds` replace, its `env` is merged over, its `inputs` are added; so a thousand different tasks are one deal.
 */
export const ParamsSchema = z.strictObject({
  version: z.literal(1),
  args: ArgsSchema.default([]),
  env: EnvSchema.default({}),
  inputs: InputsSchema.default([]),
  seconds: SecondsSchema.optional(),
  /** What counts when the pool chooses among the workers that could run them; the pool's own order when absent. */
  weights: WeightsSchema.optional(),
  tasks: z.array(TaskParamsSchema).max(100_000).optional(),
});
export type Params = z.output<typeof ParamsSchema>;

/** What one task of a deal runs with. */
export type TaskParams = {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly inputs: readonly Input[];
  readonly seconds: number | undefined;
};

/** keccak256 of the exact bytes of a params text. */
export function paramsHashOf(text: string | Uint8Array): Hash {
  return keccak256(typeof text === "string" ? toUtf8Bytes(text) : text) as Hash;
}

/** @throws BadParamsError when the text is too long, is no JSON, or is not of {@link ParamsSchema}. */
export function parseParams(text: string): Params {
  const bytes = toUtf8Bytes(text).length;
  if (bytes > MAX_PARAMS_BYTES)
    throw new BadParamsError(`The params are ${bytes} bytes, more than ${MAX_PARAMS_BYTES}`);
  const parsed = ParamsSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new BadParamsError(`The params are not valid: ${z.prettifyError(parsed.error)}`, {
      hint: "See docs/params.md for their form",
    });
  }
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BadParamsError("The params are not JSON", { cause, hint: "See docs/params.md for their form" });
  }
}

/** What task `index` runs with; undefined when `tasks` has no entry for it (a votable failure, reason `params`). */
export function taskParams(params: Params, index: number): TaskParams | undefined {
  const { args, env, inputs, seconds, tasks } = params;
  if (!tasks) return { args, env, inputs, seconds };
  const own = tasks[index];
  if (!own) return undefined;
  return {
    args: own.args ?? args,
    env: { ...env, ...own.env },
    inputs: [...inputs, ...(own.inputs ?? [])],
    seconds: own.seconds ?? seconds,
  };
}
