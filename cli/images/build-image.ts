import { readdir } from "node:fs/promises";

import { throwUnlessAnswer, reasonOf, type EngineCall } from "./engine.ts";
import { readEngineOutput, type EngineReport } from "./engine-output.ts";
import { BadAppError, ImageBuildError } from "./errors.ts";

const DOCKERFILE = "Dockerfile";
const FIX_DOCKERFILE = "Correct the Dockerfile; the end of what it said is above";

export type BuildOptions = EngineCall & {
  /** Folder with a Dockerfile; all of it, less what `.dockerignore` names, goes to the engine. */
  readonly contextDir: string;
  /** What the image is to be called on this machine. */
  readonly tag: string;
  /** Values for the Dockerfile's ARGs. */
  readonly buildArgs?: Readonly<Record<string, string>>;
};

/**
 * Builds an image from a folder. Steps that have not changed come from the engine's cache.
 * @returns the image's id on this machine
 * @throws BadAppError | ImageBuildError | EngineUnreachableError
 */
export async function buildImage(options: BuildOptions): Promise<{ readonly imageId: string }> {
  const { tag } = options;
  const { aux, error, tail } = await runBuild(options, await contextOf(options.contextDir));
  if (error !== undefined || typeof aux["ID"] !== "string") {
    throw new ImageBuildError(`${tag} could not be built: ${error ?? "the engine stopped in the middle"}`, {
      details: { tag, log: tail },
      hint: FIX_DOCKERFILE,
    });
  }
  return { imageId: aux["ID"] };
}

async function contextOf(contextDir: string): Promise<string[]> {
  const entries = await readdir(contextDir).catch((): string[] => []);
  if (entries.includes(DOCKERFILE)) return entries;
  throw new BadAppError(`${contextDir} has no ${DOCKERFILE}`, {
    details: { problems: [`no ${DOCKERFILE}`] },
    hint: "Give a folder with a Dockerfile and an app.json, or the name of an image in a registry",
  });
}

async function runBuild(options: BuildOptions, src: string[]): Promise<EngineReport> {
  const { engine, contextDir, tag, buildArgs = {}, onProgress, signal } = options;
  try {
    const output = await engine.buildImage(
      { context: contextDir, src },
      { t: tag, buildargs: { ...buildArgs }, rm: true, forcerm: true, ...(signal && { abortSignal: signal }) },
    );
    return await readEngineOutput(output, onProgress, signal);
  } catch (error) {
    throwUnlessAnswer(error, signal);
    // A Dockerfile that cannot be parsed is answered with a status instead of a stream.
    throw new ImageBuildError(`${tag} could not be built: ${reasonOf(error)}`, {
      cause: error,
      details: { tag, log: [] },
      hint: FIX_DOCKERFILE,
    });
  }
}
