import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

import type Docker from "dockerode";

import type { GridmillError } from "../../protocol/errors.ts";
import { askUnlessGone, engineError, isDiskFull, throwIfAborted } from "./engine.ts";
import { ImageDigestError, ImageNotFoundError, RegistryUnreachableError } from "./errors.ts";

/** What a run must know of an image. */
export type ImageFacts = {
  /** The engine's own id: what is run is what was verified. */
  readonly id: string;
  /** Paths that the image declares as volumes. */
  readonly volumes: readonly string[];
  /** Whether it says what to run when no arguments are given. */
  readonly hasCommand: boolean;
};

type PullEvent = {
  readonly id?: string;
  readonly status?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  readonly error?: string;
};

/**
 * Sees to it that the engine holds the image, and that it is the one that the digest names.
 * @throws ImageNotFoundError | ImageDigestError | RegistryUnreachableError | EngineUnreachableError | DiskFullError | AbortedError
 */
export async function ensureImage(
  docker: Docker,
  reference: string,
  signal: AbortSignal,
  onPercent: (percent: number) => void = () => {},
): Promise<ImageFacts> {
  if (isOwnId(reference)) return await inspectOwn(docker, reference);
  const pinned = pinOf(reference);
  const present = await inspectPinned(docker, pinned);
  if (present) return present;
  throwIfAborted(signal);
  await pull(docker, pinned, signal, onPercent);
  const pulled = await inspectPinned(docker, pinned);
  if (pulled) return pulled;
  throw new ImageDigestError(`What was fetched for ${reference} is not the image of that digest`);
}

/** The engine's own id of an image, which it made from what the image holds. */
function isOwnId(reference: string): boolean {
  return /^sha256:[0-9a-f]{64}$/.test(reference);
}

async function inspectOwn(docker: Docker, id: string): Promise<ImageFacts> {
  const found = await askUnlessGone("look at an image", () => docker.getImage(id).inspect());
  if (found) return factsOf(found);
  throw new ImageNotFoundError(`There is no image ${id} on this machine`, { hint: "Build it again" });
}

type Pin = { readonly name: string; readonly digest: string };

/** A tag beside a digest says nothing. */
function pinOf(reference: string): Pin {
  const [named = "", digest = ""] = reference.split("@");
  return { name: named.replace(/:[^/:]*$/, ""), digest };
}

async function inspectPinned(docker: Docker, { name, digest }: Pin): Promise<ImageFacts | undefined> {
  const image = docker.getImage(`${name}@${digest}`);
  const found = await askUnlessGone("look at an image", () => image.inspect());
  // The engine verified the digest when it fetched the manifest, and keeps the two together.
  if (!found?.RepoDigests.some((repoDigest) => repoDigest.endsWith(`@${digest}`))) return undefined;
  return factsOf(found);
}

function factsOf(found: Docker.ImageInspectInfo): ImageFacts {
  const { Volumes, Cmd, Entrypoint } = found.Config as Partial<Docker.ImageInspectInfo["Config"]>;
  return {
    id: found.Id,
    volumes: Object.keys(Volumes ?? {}),
    hasCommand: (Cmd?.length ?? 0) > 0 || (Entrypoint?.length ?? 0) > 0,
  };
}

async function pull(docker: Docker, pin: Pin, signal: AbortSignal, onPercent: (p: number) => void): Promise<void> {
  try {
    const query = { fromImage: pin.name, tag: pin.digest, abortSignal: signal };
    const stream = await docker.createImage(query);
    await followPull(stream as Readable, onPercent);
  } catch (error) {
    throw pullError(pin, error);
  }
  throwIfAborted(signal);
}

async function followPull(stream: Readable, onPercent: (percent: number) => void): Promise<void> {
  const layers = new Map<string, { readonly current: number; readonly total: number }>();
  for await (const line of createInterface({ input: stream })) {
    const event = JSON.parse(line) as PullEvent;
    if (event.error !== undefined) throw new PullFailure(event.error);
    const { current, total } = event.progressDetail ?? {};
    if (event.status !== "Downloading" || event.id === undefined || !current || !total) continue;
    onPercent(percentOf(layers.set(event.id, { current, total })));
  }
}

/** The engine's words when it broke off in the middle of a pull; there is no status then. */
class PullFailure extends Error {}

function percentOf(layers: ReadonlyMap<string, { readonly current: number; readonly total: number }>): number {
  const all = [...layers.values()];
  const sum = (key: "current" | "total"): number => all.reduce((total, layer) => total + layer[key], 0);
  return Math.floor((100 * sum("current")) / sum("total"));
}

function pullError({ name, digest }: Pin, cause: unknown): GridmillError {
  const answered = cause instanceof PullFailure || (cause as { statusCode?: number }).statusCode !== undefined;
  if (!answered || isDiskFull(cause)) return engineError("fetch an image", cause);
  const { message } = cause as Error;
  const options = { cause, details: { image: `${name}@${digest}` } };
  if (/verif|unexpected digest|digest mismatch|does not match/i.test(message)) {
    return new ImageDigestError(`What the registry has for ${name}@${digest} is not the image of that digest`, options);
  }
  if (/not found|manifest unknown|name unknown|access denied|unauthorized|denied/i.test(message)) {
    const hint = "the owner of the app must push this very digest to a registry that anybody may read";
    return new ImageNotFoundError(`There is no image ${name}@${digest}`, { ...options, hint });
  }
  return new RegistryUnreachableError(`The registry of ${name} did not give the image: ${message}`, {
    ...options,
    hint: "it is tried again; check that its registry runs and can be reached from here",
  });
}
