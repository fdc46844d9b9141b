import { join } from "node:path";

import { ensureBaseImage } from "../../cli/images/base-image.ts";
import { buildImage } from "../../cli/images/build-image.ts";
import { imageEngine, type ImageEngine } from "../../cli/images/engine.ts";

const ROOT = join(import.meta.dirname, "../..");

/** The first build on a machine makes the base and installs POV-Ray; later ones come from the engine's cache. */
export const FIRST_BUILD_MS = 300_000;

/** Folders of this repository with a Dockerfile. */
export type AppFolder =
  "apps/auction" | "apps/checksum" | "apps/median" | "apps/render" | "test/support/apps/misbehave";

/** An image on this machine, and the engine that has it. */
export type BuiltApp = { readonly engine: ImageEngine; readonly image: string };

/** Builds an app's image for a test. */
export async function buildApp(dockerHost: string, folder: AppFolder): Promise<BuiltApp> {
  const engine = imageEngine(dockerHost);
  const image = `gridmill-test/${folder.split("/").at(-1)!}`;
  const BASE = await ensureBaseImage({ engine });
  await buildImage({ engine, contextDir: join(ROOT, folder), tag: image, buildArgs: { BASE } });
  return { engine, image };
}
