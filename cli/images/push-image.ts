import { reasonOf, throwUnlessAnswer, type EngineCall } from "./engine.ts";
import { readEngineOutput, type EngineReport } from "./engine-output.ts";
import { ImagePushError } from "./errors.ts";
import { ImageDigestSchema, parseImageName, pinnedName } from "./image-name.ts";
import { withRegistryPatience } from "./registry-patience.ts";
import { resolveDigest, type PinnedImage } from "./resolve-digest.ts";

export type PushOptions = EngineCall & {
  /** What the image is called on this machine. */
  readonly image: string;
  /** What it is to be called in its registry, with the registry's host: `registry.example/render:1.0.0`. */
  readonly name: string;
};

/**
 * Gives a local image its name in a registry and pushes it there.
 * @returns the image pinned by the digest that the registry has confirmed
 * @throws BadInputError | ImagePushError | ImageNotFoundError | RegistryUnreachableError | EngineUnreachableError
 */
export async function pushImage(options: PushOptions): Promise<PinnedImage> {
  const { name, engine, signal } = options;
  const { repository, tag = "latest" } = parseImageName(name);
  const digest = await withRegistryPatience(() => push(options, repository, tag), signal);
  // By digest, since somebody else may have pushed to the same tag meanwhile.
  return resolveDigest({ engine, name: pinnedName(repository, digest), signal });
}

async function push(options: PushOptions, repository: string, tag: string): Promise<string> {
  const { aux, error } = await runPush(options, repository, tag);
  const digest = ImageDigestSchema.safeParse(aux["Digest"]);
  if (error === undefined && digest.success) return digest.data;
  throw pushError(options.name, error ?? "the engine stopped in the middle");
}

async function runPush(options: PushOptions, repository: string, tag: string): Promise<EngineReport> {
  const { engine, image, name, onProgress, signal } = options;
  try {
    await engine.getImage(image).tag({ repo: repository, tag });
    const output = await engine.getImage(repository).push({ tag, ...(signal && { abortSignal: signal }) });
    return await readEngineOutput(output, onProgress, signal);
  } catch (error) {
    throwUnlessAnswer(error, signal);
    throw pushError(name, reasonOf(error), error);
  }
}

function pushError(name: string, why: string, cause?: unknown): ImagePushError {
  return new ImagePushError(`${name} could not be pushed: ${why}`, {
    cause,
    details: { name },
    hint: "Does the registry run, and may you push to it?",
  });
}
