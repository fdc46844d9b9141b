import { expect } from "chai";

import type { GridCalls } from "../../chain/calls.ts";
import { createEventSource } from "../../chain/event-source.ts";
import type { EventSource } from "../../chain/event-source.ts";
import { watchEvents } from "../../chain/event-watcher.ts";
import type { WatcherOptions } from "../../chain/event-watcher.ts";
import type { GridEvent } from "../../chain/events.ts";
import { createMemoryCheckpoint } from "../support/chain/memory-checkpoint.ts";
import type { Address } from "../../protocol/primitives.ts";
import { startGrid } from "../support/chain/grid.ts";
import type { TestGrid } from "../support/chain/grid.ts";
import { inSuite } from "../support/in-suite.ts";
import { waitFor } from "../support/wait-for.ts";

/** A watcher at work. */
interface Watching extends AsyncDisposable {
  /** The endpoints that its owner holds to be true. */
  readonly known: () => readonly string[];
  /** Where each rewind went. */
  readonly rewinds: readonly number[];
  /** The last block that it has handled. */
  readonly reached: () => number | undefined;
}

async function watching(grid: TestGrid, changes: Partial<WatcherOptions> = {}): Promise<Watching> {
  let known: readonly { readonly block: number; readonly endpoint: string }[] = [];
  const rewinds: number[] = [];
  let reached: number | undefined;
  const stop = new AbortController();
  const options: WatcherOptions = {
    source: sourceOf(grid),
    checkpoint: createMemoryCheckpoint(),
    startBlock: (await grid.reader.head()).number + 1,
    confirmations: 0,
    pollMs: 10,
    onEvent: async (event) => {
      if (event.kind !== "PoolEndpointChanged") throw new Error(`not asked for: ${event.kind}`);
      known = [...known, { block: event.blockNumber, endpoint: event.endpoint }];
    },
    onRewind: async (toBlock) => {
      rewinds.push(toBlock);
      known = known.filter(({ block }) => block <= toBlock);
    },
    onPoison: async () => {},
    onError: () => {},
    onProgress: (block) => (reached = block),
    ...changes,
  };
  const watch = watchEvents(options, stop.signal);
  return {
    known: () => known.map(({ endpoint }) => endpoint),
    rewinds,
    reached: () => reached,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await watch;
    },
  };
}

function sourceOf({ provider, deployment }: TestGrid): EventSource {
  return createEventSource({ provider, deployment, kinds: ["PoolEndpointChanged"] });
}

describe("event watcher, on Anvil", function () {
  this.timeout(30_000);
  const grid = inSuite(startGrid);
  const addressOf = (index: number): Address => grid().wallet(index).address.toLowerCase() as Address;
  const endpoint = (calls: GridCalls, name: string): ReturnType<GridCalls["setPoolEndpoint"]> =>
    calls.setPoolEndpoint(1n, name);

  before(async function () {
    await using owner = grid().sender(1);
    await owner.send("pool", grid().calls.registerPool(addressOf(1), "first"));
  });
  afterEach(() => grid().automine(true));

  it("delivers events of the wanted kind, with their place", async function () {
    const { calls, sender, reader, provider, deployment } = grid();
    await using owner = sender(1);
    const start = (await reader.head()).number + 1;
    const { hash, blockNumber, blockHash } = await owner.send("a", endpoint(calls, "a"));

    const { events, lastHash } = await createEventSource({ provider, deployment }).read(start, blockNumber);

    const at = { transactionHash: hash, blockNumber, blockHash, logIndex: 0 };
    expect(events).to.deep.equal([{ kind: "PoolEndpointChanged", id: 1n, endpoint: "a", ...at } satisfies GridEvent]);
    expect(lastHash).to.equal(blockHash);
  });

  it("holds an event back until it has its confirmations", async function () {
    const { calls, sender, mine } = grid();
    await using watch = await watching(grid(), { confirmations: 3 });
    await using owner = sender(1);
    await mine(3);
    await owner.send("b", endpoint(calls, "b"));
    await mine(2);
    const head = await sourceOf(grid()).head();
    await waitFor("all it may look at", () => watch.reached() === head - 3);
    expect(watch.known()).to.deep.equal([]);

    await mine(1);

    await waitFor("the event", () => watch.known().length > 0);
    expect(watch.known()).to.deep.equal(["b"]);
  });

  it("ends with what the chain says after a reorganisation that took an event away", async function () {
    const { calls, sender, automine, mine, reorganise } = grid();
    await using watch = await watching(grid());
    await using owner = sender(1);
    const before = await owner.send("c", endpoint(calls, "c"));
    await owner.send("lost", endpoint(calls, "lost"));
    await waitFor("both events", () => watch.known().length === 2);
    await automine(false);

    await reorganise(1);
    await mine();

    await waitFor("the rewind", () => watch.rewinds.length > 0);
    await waitFor("the truth", () => watch.known().length === 1);
    expect(watch.rewinds).to.deep.equal([before.blockNumber]);
    expect(watch.known()).to.deep.equal(["c"]);
  });

  it("hears nothing of a reorganisation within its confirmations", async function () {
    const { calls, sender, reorganise, mine } = grid();
    await using watch = await watching(grid(), { confirmations: 3 });
    await using owner = sender(1);
    await owner.send("lost again", endpoint(calls, "lost again"));

    await reorganise(1);
    await mine(3);
    await using other = sender(1);
    await other.send("d", endpoint(calls, "d"));
    await mine(3);

    await waitFor("the event", () => watch.known().includes("d"));
    expect(watch.known().filter((name) => name === "lost again").length).to.be.at.most(1);
    expect(watch.rewinds).to.deep.equal([]);
  });
});
