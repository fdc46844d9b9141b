import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

import type Docker from "dockerode";

import { blockNumber } from "../../test/support/rpc.ts";

/** Writes down when the node first shows each block. Times are Unix milliseconds. */
export interface BlockWatch extends AsyncDisposable {
  shownAt(block: number): number;
}

const LOOK_EVERY_MS = 10;

export function watchBlocks(url: string): BlockWatch {
  const shown = new Map<number, number>();
  const stopping = new AbortController();
  const watching = (async (): Promise<void> => {
    for (let known = 0; !stopping.signal.aborted; await sleep(LOOK_EVERY_MS)) {
      const newest = await blockNumber(url);
      const now = Date.now();
      for (let block = Math.max(known + 1, newest - 10); block <= newest; block++) shown.set(block, now);
      known = newest;
    }
  })();
  return {
    shownAt(block) {
      const at = shown.get(block);
      if (at === undefined) throw new Error(`block ${block} was never seen`);
      return at;
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await watching;
    },
  };
}

/** Writes down when containers start, by their own StartedAt. */
export interface StartWatch extends AsyncDisposable {
  /** Starts of the containers that have `mark` among their arguments. */
  of(mark: string): readonly number[];
}

type Start = { readonly args: readonly string[]; readonly at: number };

export async function watchStarts(docker: Docker): Promise<StartWatch> {
  const stream = (await docker.getEvents({ filters: { type: ["container"], event: ["start"] } })) as Readable;
  const starts: Start[] = [];
  createInterface({ input: stream }).on("line", (line) => {
    const { Actor } = JSON.parse(line) as { Actor: { ID: string } };
    // Whatever else runs on this engine may be gone before it is looked at.
    startOf(docker, Actor.ID).then(
      (start) => starts.push(start),
      () => {},
    );
  });
  return {
    of: (mark) => starts.flatMap(({ args, at }) => (args.includes(mark) ? [at] : [])),
    [Symbol.asyncDispose]: () => Promise.resolve(void stream.destroy()),
  };
}

async function startOf(docker: Docker, id: string): Promise<Start> {
  const { Args, State } = await docker.getContainer(id).inspect();
  return { args: Args, at: Date.parse(State.StartedAt) };
}
