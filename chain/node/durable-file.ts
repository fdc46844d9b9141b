import { randomUUID } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Replaces a file as a whole: after a crash at any point it holds either the old text or the new, and after the return
 * the new one even when the power fails. Its owner alone may read it.
 */
export async function writeFileDurably(file: string, text: string): Promise<void> {
  const draft = `${file}.${randomUUID()}.draft`;
  await writeAndSync(draft, text);
  await rename(draft, file);
  await syncPath(dirname(file));
}

/** Removes a file, if it is there, so that it does not come back when the power fails. */
export async function removeFileDurably(file: string): Promise<void> {
  await rm(file, { force: true });
  await syncPath(dirname(file));
}

/** Makes what was written to a file, or to the list of a folder (which is written apart from its files), last. */
export async function syncPath(path: string): Promise<void> {
  await using handle = await open(path, "r");
  await handle.sync();
}

async function writeAndSync(file: string, text: string): Promise<void> {
  await using handle = await open(file, "wx", 0o600);
  await handle.writeFile(text);
  await handle.sync();
}
