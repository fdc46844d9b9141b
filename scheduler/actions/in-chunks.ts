/** How many tasks are changed side by side: enough to keep Redis busy, and not an epoch's thousand at once. */
const CHUNK = 50;

/** Does the same for many, some of them at a time. */
export async function inChunks<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let start = 0; start < items.length; start += CHUNK) {
    await Promise.all(items.slice(start, start + CHUNK).map(work));
  }
}
