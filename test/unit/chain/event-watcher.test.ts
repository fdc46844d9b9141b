import { expect } from "chai";

import { ChainUnreachableError, NoGasMoneyError, NotDeployedError } from "../../../chain/errors.ts";
import { createEventWatcher, watchEvents } from "../../../chain/event-watcher.ts";
import type { WatcherOptions } from "../../../chain/event-watcher.ts";
import { createMemoryCheckpoint } from "../../support/chain/memory-checkpoint.ts";
import { createFakeSource, nameOf } from "../../support/chain/fake-source.ts";
import { catchUp, NEVER, watching } from "../../support/chain/watching.ts";
import { waitFor } from "../../support/wait-for.ts";

/** Fails for the named event while `failing` holds it. */
function failingOn(failing: Set<string>, heard: string[], error: Error): WatcherOptions["onEvent"] {
  return async (event) => {
    if (failing.has(nameOf(event))) throw error;
    heard.push(nameOf(event));
  };
}

describe("event watcher", function () {
  describe("given confirmed blocks", function () {
    it("delivers their events in order, once", async function () {
      const source = createFakeSource();
      source.mine(["a", "b"], [], ["c"]);
      const { heard, watcher } = watching(source);

      await catchUp(watcher);
      await catchUp(watcher);

      expect(heard).to.deep.equal(["a", "b", "c"]);
    });

    it("delivers a block that is exactly deep enough", async function () {
      const source = createFakeSource();
      source.mine(["a"], [], []);
      const { heard, watcher } = watching(source, { confirmations: 2 });

      await catchUp(watcher);

      expect(heard).to.deep.equal(["a"]);
    });

    it("holds back a block that is one short of it", async function () {
      const source = createFakeSource();
      source.mine(["a"], []);
      const { heard, watcher } = watching(source, { confirmations: 2 });

      await catchUp(watcher);

      expect(heard).to.deep.equal([]);
    });

    it("leaves out what came before the start block", async function () {
      const source = createFakeSource();
      source.mine(["a"], ["b"]);
      const { heard, watcher } = watching(source, { startBlock: 2 });

      await catchUp(watcher);

      expect(heard).to.deep.equal(["b"]);
    });

    it("goes on after a restart where the checkpoint stands", async function () {
      const source = createFakeSource();
      source.mine(["a"]);
      const checkpoint = createMemoryCheckpoint();
      await catchUp(watching(source, { checkpoint }).watcher);
      source.mine(["b"]);

      const { heard, watcher } = watching(source, { checkpoint });
      await catchUp(watcher);

      expect(heard).to.deep.equal(["b"]);
    });
  });

  describe("given a handler that fails", function () {
    it("saves no checkpoint before the event is handled, and brings it again", async function () {
      const source = createFakeSource();
      source.mine(["a"], ["b"]);
      const checkpoint = createMemoryCheckpoint();
      const failing = new Set(["a"]);
      const heard: string[] = [];
      const onEvent = failingOn(failing, heard, new NoGasMoneyError("later"));
      const { watcher } = watching(source, { checkpoint, onEvent });

      await watcher.round(NEVER).catch(() => {});

      expect(await checkpoint.load()).to.include({ block: 0 });
      failing.clear();
      await catchUp(watcher);
      expect(heard).to.deep.equal(["a", "b"]);
    });

    it("keeps the checkpoint of the blocks before", async function () {
      const source = createFakeSource();
      source.mine(["a"], ["b"]);
      const checkpoint = createMemoryCheckpoint();
      const onEvent = failingOn(new Set(["b"]), [], new NoGasMoneyError("later"));
      const { watcher } = watching(source, { checkpoint, onEvent });

      await watcher.round(NEVER).catch(() => {});

      expect(await checkpoint.load()).to.include({ block: 1, hash: source.hashAt(1) });
    });

    it("keeps no checkpoint of the block that it handled in part", async function () {
      const source = createFakeSource();
      source.mine(["a", "b"]);
      const checkpoint = createMemoryCheckpoint();
      const onEvent = failingOn(new Set(["b"]), [], new NoGasMoneyError("later"));
      const { watcher } = watching(source, { checkpoint, onEvent });

      await watcher.round(NEVER).catch(() => {});

      expect(await checkpoint.load()).to.include({ block: 0 });
    });

    it("puts an event aside whose error is final, and goes on", async function () {
      const source = createFakeSource();
      source.mine(["a", "bad", "b"]);
      const { heard, options } = watching(source);
      const onEvent = failingOn(new Set(["bad"]), heard, new NotDeployedError("never"));

      await catchUp(createEventWatcher({ ...options, onEvent }));

      expect(heard).to.deep.equal(["a", "!bad", "b"]);
    });

    it("tries an event with a foreign error as often as it was told, then puts it aside", async function () {
      const source = createFakeSource();
      source.mine(["bad", "b"]);
      const { heard, options } = watching(source, { attempts: 3 });
      const onEvent = failingOn(new Set(["bad"]), heard, new TypeError("a bug"));
      const watcher = createEventWatcher({ ...options, onEvent });

      const rounds = [];
      for (let round = 0; round < 3; round++) rounds.push(await watcher.round(NEVER).catch(() => "failed"));

      expect(rounds).to.deep.equal(["failed", "failed", true]);
      expect(heard).to.deep.equal(["!bad", "b"]);
    });

    it("holds everything up while poison cannot be put aside", async function () {
      const source = createFakeSource();
      source.mine(["bad", "b"]);
      const { heard, options } = watching(source);
      const onEvent = failingOn(new Set(["bad"]), heard, new NotDeployedError("never"));
      const onPoison = async (): Promise<void> => {
        throw new Error("the quarantine is full");
      };

      const round = createEventWatcher({ ...options, onEvent, onPoison }).round(NEVER);

      expect(await round.catch((error: Error) => error.message)).to.equal("the quarantine is full");
      expect(heard).to.deep.equal([]);
    });
  });

  describe("given a node that refuses large ranges", function () {
    it("splits them, and stays with what works", async function () {
      const source = createFakeSource();
      source.mine(...Array.from({ length: 20 }, (_, index) => [`e${index}`]));
      source.limit(5);
      const { heard, watcher } = watching(source);

      await catchUp(watcher);

      expect(heard).to.have.lengthOf(20);
      expect(source.asked.filter(([from, to]) => to - from >= 5).length).to.be.lessThan(6);
    });

    it("throws when it refuses a single block", async function () {
      const source = createFakeSource();
      source.mine(["a"]);
      source.limit(0);

      const failure = await watching(source)
        .watcher.round(NEVER)
        .catch((error: { code: string }) => error.code);

      expect(failure).to.equal("GM_RANGE_REFUSED");
    });
  });

  describe("watchEvents", function () {
    it("survives a silent node, says so, and returns when it is aborted", async function () {
      const source = createFakeSource();
      const errors: unknown[] = [];
      const { heard, options } = watching(source, { onError: (error) => errors.push(error) });
      const stop = new AbortController();
      source.silent(true);
      const watch = watchEvents(options, stop.signal);
      await waitFor("a failed round", () => errors.length > 0, { everyMs: 1 });

      source.mine(["a"]);
      source.silent(false);
      await waitFor("the event", () => heard.length > 0, { everyMs: 1 });
      stop.abort();
      await watch;

      expect(heard).to.deep.equal(["a"]);
      expect(errors[0]).to.be.instanceOf(ChainUnreachableError);
    });

    it("delivers nothing more once it is aborted, and remembers what was handled", async function () {
      const source = createFakeSource();
      source.mine(["a"], ["b"]);
      const stop = new AbortController();
      const checkpoint = createMemoryCheckpoint();
      const heard: string[] = [];
      const onEvent: WatcherOptions["onEvent"] = async (event) => {
        heard.push(nameOf(event));
        stop.abort();
      };
      const { options } = watching(source, { checkpoint, onEvent });

      await watchEvents(options, stop.signal);

      expect(heard).to.deep.equal(["a"]);
      expect(await checkpoint.load()).to.include({ block: 1 });
    });
  });
});
