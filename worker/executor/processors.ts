/** Hands out the processors of one machine, the least used first. */
export interface Processors {
  /** @returns their numbers, as `0,2`; all there are when more are wanted. Given back with the disposable. */
  take(millicores: number): Disposable & { readonly list: string };
}

/**
 * A task sees as many processors as it pays for, on every machine: programs that split their sums by that number
 * would else compute different results.
 */
export function createProcessors(count: number): Processors {
  const users = new Array<number>(count).fill(0);
  return {
    take: (millicores) => {
      const wanted = Math.ceil(millicores / 1_000);
      const taken = [...users.keys()].sort((a, b) => users[a]! - users[b]! || a - b).slice(0, wanted);
      const add = (change: number): void => taken.forEach((index) => (users[index]! += change));
      add(1);
      return { list: taken.sort((a, b) => a - b).join(","), [Symbol.dispose]: () => add(-1) };
    },
  };
}
