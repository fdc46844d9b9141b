import type { GridmillError } from "../../protocol/errors.ts";
import { statusOf } from "../../worker/executor/engine.ts";
import { ImageNotFoundError, RegistryUnreachableError } from "../../worker/executor/errors.ts";

import { reasonOf, throwUnlessAnswer, type EngineCall, type ImageEngine } from "./engine.ts";
import { ImageDigestSchema, parseImageName, pinnedName } from "./image-name.ts";
import { withRegistryPatience } from "./registry-patience.ts";

/** An image that will stay the same bytes. */
export type PinnedImage = {
  /** `repository@sha256:…`, as leases have it. */
  readonly reference: string;
  /** Without the digest, as the app registry on chain has it. */
  readonly repository: string;
  /** `sha256:…` */
  readonly digest: string;
};

export type ResolveOptions = Omit<EngineCall, "onProgress"> & {
  /** An image's name, with a tag or a digest; without either, `latest` is meant. */
  readonly name: string;
};

/**
 * Asks the image's registry (not this machine's copies: workers cannot reach those) which digest the name has now.
 * @throws BadInputError | ImageNotFoundError | RegistryUnreachableError | EngineUnreachableError
 */
export async function resolveDigest({ engine, name, signal }: ResolveOptions): Promise<PinnedImage> {
  const { repository, tag, digest: wanted } = parseImageName(name);
  const asked = wanted === undefined ? `${repository}:${tag ?? "latest"}` : pinnedName(repository, wanted);
  const digest = await withRegistryPatience(() => askRegistry(engine, asked, signal), signal);
  return { reference: pinnedName(repository, digest), repository, digest };
}

async function askRegistry(engine: ImageEngine, asked: string, signal: AbortSignal | undefined): Promise<string> {
  try {
    const { Descriptor } = await engine.getImage(asked).distribution(signal && { abortSignal: signal });
    return ImageDigestSchema.parse(Descriptor.digest);
  } catch (error) {
    throwUnlessAnswer(error, signal);
    throw asRegistryError(error, asked);
  }
}

/** Registries answer 401 or 403, too, for what does not exist: they tell strangers nothing. */
const NOT_FOUND = new Set([401, 403, 404]);

function asRegistryError(cause: unknown, name: string): GridmillError {
  const options = { cause, details: { name } };
  if (NOT_FOUND.has(statusOf(cause) ?? 0)) {
    const hint = "Push it to a registry that every worker can read; an image on this machine alone is not enough";
    return new ImageNotFoundError(`There is no image ${name} in its registry`, { ...options, hint });
  }
  return new RegistryUnreachableError(`The registry of ${name} does not answer: ${reasonOf(cause)}`, {
    ...options,
    hint: "Check the name and that its registry runs, then try again",
  });
}
