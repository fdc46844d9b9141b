import { randomUUID } from "node:crypto";
import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Replaces a file as a whole: after a crash at any point it holds either the old text or the new, and after the return
 * the new one even when the power fails.
 */
export async function writeFileDurably(file: string, text: string): Promise<void> {
  const draft = `${file}.${randomUUID()}.draft`;
  await writeAndSync(draft, text);
  await rename(draft, file);
  await syncFolder(dirname(file));
}

async function writeAndSync(file: string, text: string): Promise<void> {
  await using handle = await open(file, "wx", 0o600);
  await handle.writeFile(text);
  await handle.sync();
}

/** What a folder lists is written apart from its files. */
export async function syncFolder(dir: string): Promise<void> {
  await using handle = await open(dir, "r");
  await handle.sync();
}
