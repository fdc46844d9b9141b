import { cp, symlink } from "node:fs/promises";
import { join } from "node:path";

import { tempDir } from "./temp-dir.ts";
import type { TempDir } from "./temp-dir.ts";

const ROOT = join(import.meta.dirname, "../..");

/** Rooms and files of this tree, with its packages, in a folder where they may be changed. Gone at the end of the block. */
export async function copyOfTree(parts: readonly string[]): Promise<TempDir> {
  const dir = await tempDir();
  for (const part of parts) await cp(join(ROOT, part), join(dir.path, part), { recursive: true });
  await symlink(join(ROOT, "node_modules"), join(dir.path, "node_modules"));
  return dir;
}
