import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

import { JOIN_KINDS } from "../../sdk/join/joiners.ts";

import { BadAppError } from "./errors.ts";

const MANIFEST_FILE = "app.json";
const SEE_EXAMPLE = "See apps/checksum for a small example";

const uint32 = z.int().min(0).max(0xffff_ffff);

/** What `app.json` says about an app. */
export const AppManifestSchema = z
  .strictObject({
    /** The last part of the image's name. */
    name: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, "must be lower-case words joined by hyphens"),
    title: z.string().min(1).max(80),
    description: z.string().min(1).max(1_000),
    /** The image's tag. */
    version: z.string().regex(/^\d+\.\d+\.\d+$/, "must be three numbers, such as 1.0.0"),
    /** What the app is called with when the requester gives no arguments. */
    args: z.array(z.string().max(32_768)).max(1_024).default([]),
    /** What one task needs. */
    requirements: z.strictObject({ cpuMillicores: uint32, memoryMiB: uint32, diskMiB: uint32 }),
    /** 0 to 4: how long a task may run (`protocol/categories.ts`). */
    category: z.int().min(0).max(4),
    /** Present when the app can share one job among many tasks, by GRIDMILL_TASK_INDEX and GRIDMILL_TASK_COUNT. */
    split: z.strictObject({ kind: z.literal("tasks") }).optional(),
    /** How the results of the tasks become one file. */
    join: z.enum(JOIN_KINDS).optional(),
  })
  .refine(({ split, join: kind }) => split !== undefined || kind === undefined, {
    path: ["join"],
    error: "needs split: only an app that shares its work has parts to join",
  });
export type AppManifest = z.output<typeof AppManifestSchema>;

/** @throws BadAppError with every problem listed, when the folder has no `app.json` or a wrong one. */
export async function readAppManifest(appDir: string): Promise<AppManifest> {
  const file = join(appDir, MANIFEST_FILE);
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new BadAppError(`${appDir} is no app: it has no readable ${MANIFEST_FILE}`, {
      cause,
      details: { problems: [`${file} cannot be read`] },
      hint: SEE_EXAMPLE,
    });
  });
  return parseAppManifest(text, file);
}

/** @throws BadAppError with every problem listed; `source` names the text in the message. */
export function parseAppManifest(text: string, source: string = MANIFEST_FILE): AppManifest {
  const parsed = AppManifestSchema.safeParse(jsonOf(text, source));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".") || source}: ${message}`);
  throw new BadAppError(`${source} is not valid: ${problems.join("; ")}`, {
    details: { problems },
    hint: SEE_EXAMPLE,
  });
}

function jsonOf(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const problems = [`not JSON: ${(cause as Error).message}`];
    throw new BadAppError(`${source} is ${problems[0]}`, { cause, details: { problems }, hint: SEE_EXAMPLE });
  }
}
