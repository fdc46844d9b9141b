import { stat } from "node:fs/promises";
import { basename } from "node:path";

import { NO_RESOURCES } from "../../protocol/capabilities.ts";
import type { Resources } from "../../protocol/capabilities.ts";
import type { AppAsset } from "../../protocol/market-api.ts";
import { BadInputError, codeOf } from "../../protocol/errors.ts";
import type { ImagePin } from "../../sdk/apps.ts";
import type { Grid } from "../../sdk/grid.ts";

import type { Context } from "../context.ts";
import { readAppManifest } from "../images/app-manifest.ts";
import type { AppManifest } from "../images/app-manifest.ts";
import { ensureBaseImage } from "../images/base-image.ts";
import { buildImage } from "../images/build-image.ts";
import { imageEngine } from "../images/engine.ts";
import { pinnedName } from "../images/image-name.ts";
import { pushImage } from "../images/push-image.ts";
import { resolveDigest } from "../images/resolve-digest.ts";
import { findNetwork } from "../networks.ts";
import { DEFAULT_DOCKER_HOST } from "../parts/docker-engine.ts";

/** What somebody wants to run: a folder to be built, an image of a registry, or an app of the market. */
export type Target =
  | { readonly kind: "folder"; readonly path: string; readonly manifest: AppManifest }
  | { readonly kind: "image"; readonly name: string }
  | { readonly kind: "app"; readonly id: bigint };

/** What an app gets when it says nothing. */
export const DEFAULT_REQUIREMENTS: Resources = { ...NO_RESOURCES, cpuMillicores: 1_000, memoryMiB: 512, diskMiB: 256 };

/** @throws BadAppError for a folder without a valid `app.json` */
export async function readTarget(text: string): Promise<Target> {
  if (/^[1-9]\d*$/.test(text)) return { kind: "app", id: BigInt(text) };
  const isFolder = await stat(text).then(
    (info) => info.isDirectory(),
    () => false,
  );
  return isFolder
    ? { kind: "folder", path: text, manifest: await readAppManifest(text) }
    : { kind: "image", name: text };
}

/** What to call the target in sentences. */
export function nameOf(target: Target): string {
  if (target.kind === "app") return `app ${target.id}`;
  return target.kind === "folder" ? (target.manifest.name ?? basename(target.path)) : target.name;
}

/**
 * The target's image, pinned by its digest. A folder is built, and pushed to the network's registry; of an image, the
 * registry is asked. Costs nothing.
 * @throws ImageNotFoundError | ImageBuildError | ImagePushError | EngineUnreachableError
 */
export async function pinImage(context: Context, target: Exclude<Target, { kind: "app" }>): Promise<ImagePin> {
  const call = callOf(context);
  if (target.kind === "image") return pinOf(await resolveDigest({ ...call, name: target.name }));
  const { name, version } = target.manifest;
  const registry = await registryOf(context);
  const { tag } = await buildFolder(context, target);
  return pinOf(await pushImage({ ...call, image: tag, name: `${registry}/${name}:${version}` }));
}

/**
 * The target's image as this machine's engine knows it: a folder is built and goes nowhere, of an image the registry is asked.
 * @throws ImageNotFoundError | ImageBuildError | EngineUnreachableError
 */
export async function localImage(context: Context, target: Exclude<Target, { kind: "app" }>): Promise<string> {
  if (target.kind === "folder") return (await buildFolder(context, target)).imageId;
  return (await resolveDigest({ ...callOf(context), name: target.name })).reference;
}

async function buildFolder(
  context: Context,
  { path, manifest: { name, version } }: Extract<Target, { kind: "folder" }>,
): Promise<{ readonly tag: string; readonly imageId: string }> {
  const call = callOf(context);
  const tag = `gridmill/${name}:${version}`;
  const base = await ensureBaseImage(call);
  const { imageId } = await buildImage({ ...call, contextDir: path, tag, buildArgs: { BASE: base } });
  return { tag, imageId };
}

function callOf({ config, signal, progress }: Context) {
  const engine = imageEngine(config.dockerHost ?? DEFAULT_DOCKER_HOST);
  return { engine, signal, onProgress: (line: string) => progress(`  ${line}`) };
}

/**
 * Whoever can ask the app's registry learns before anything is paid that it has no such image; where there is no Docker
 * to ask with, or no way to the registry, the workers find out.
 * @throws ImageNotFoundError
 */
export async function requireImage({ config, signal }: Context, { reference, digest }: ImagePin): Promise<void> {
  const engine = imageEngine(config.dockerHost ?? DEFAULT_DOCKER_HOST);
  try {
    await resolveDigest({ engine, name: pinnedName(reference, `sha256:${digest.slice(2)}`), signal });
  } catch (error) {
    signal.throwIfAborted();
    if (codeOf(error) === "GM_IMAGE_NOT_FOUND") throw error;
  }
}

async function registryOf({ home, networkName }: Context): Promise<string> {
  const { imageRegistry } = await findNetwork(home.networks, networkName);
  if (imageRegistry !== undefined) return imageRegistry;
  throw new BadInputError(`The network ${networkName} names no image registry: a folder cannot be published there`, {
    hint: `Push the image yourself and give its name, or set imageRegistry in ${home.networks}`,
  });
}

function pinOf({ repository, digest }: { repository: string; digest: string }): ImagePin {
  return { reference: repository, digest: `0x${digest.replace(/^sha256:/, "")}` };
}

/** An app with exactly this image that the signer can use: one that is offered, or one of its own; else undefined. */
export async function usableApp(grid: Grid, image: ImagePin): Promise<AppAsset | undefined> {
  const apps = await grid.apps.find(image);
  return (
    apps.find(({ price }) => price === 0n) ??
    apps.find(({ owner }) => owner === grid.address) ??
    apps.find(({ price }) => price !== null)
  );
}

/** Registers the image unless that was done, and offers it at price 0 unless it is offered. */
export async function ensureApp(grid: Grid, image: ImagePin, signal: AbortSignal): Promise<bigint> {
  const known = await usableApp(grid, image);
  const id = known?.id ?? (await grid.apps.publish(image, signal)).id;
  if ((known?.price ?? null) === null) await grid.apps.offer({ app: id, price: 0n });
  return id;
}
