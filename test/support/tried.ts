/** How an attempt went: what it gave, or what it threw, and after how many seconds. */
export type Tried<T> = { readonly seconds: number; readonly result: PromiseSettledResult<T> };

/** Waits for the end of an attempt, whatever it is. */
export async function tried<T>(attempt: () => Promise<T>): Promise<Tried<T>> {
  const began = performance.now();
  const [result] = await Promise.allSettled([attempt()]);
  return { seconds: (performance.now() - began) / 1_000, result };
}

/** What an attempt gave. @throws what it threw */
export function given<T>({ result }: Tried<T>): T {
  if (result.status === "rejected") throw result.reason;
  return result.value;
}

/** Does something with each, never with more than `most` at a time. */
export async function sideBySide<T>(each: Iterable<T>, most: number, work: (one: T) => Promise<void>): Promise<void> {
  const left = [...each];
  const lane = async (): Promise<void> => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await work(one);
  };
  await Promise.all(Array.from({ length: most }, lane));
}
