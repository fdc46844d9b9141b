import { expect } from "chai";
import fc from "fast-check";

import type { CheckpointStore } from "../../../chain/checkpoint.ts";
import { NoGasMoneyError } from "../../../chain/errors.ts";
import { createEventWatcher } from "../../../chain/event-watcher.ts";
import type { WatcherOptions } from "../../../chain/event-watcher.ts";
import { createMemoryCheckpoint } from "../../support/chain/memory-checkpoint.ts";
import { createFakeSource, nameOf } from "../../support/chain/fake-source.ts";
import type { FakeSource } from "../../support/chain/fake-source.ts";
import { catchUp, NEVER, watching } from "../../support/chain/watching.ts";

/** A watcher whose rounds fail after the event "last", as often as there are signs that it may. */
function stumbling(source: FakeSource, failures: number, changes: Partial<WatcherOptions> = {}) {
  const { heard, options } = watching(source, changes);
  let left = failures;
  const onEvent: WatcherOptions["onEvent"] = async (event) => {
    heard.push(nameOf(event));
    if (nameOf(event) === "last" && left-- > 0) throw new NoGasMoneyError("later");
  };
  return { heard, watcher: createEventWatcher({ ...options, onEvent }) };
}

describe("event watcher", function () {
  describe("given a round that was not finished", function () {
    it("takes its events back when their block is replaced before the next", async function () {
      const source = createFakeSource();
      source.mine(["before"]);
      const { heard, watcher } = stumbling(source, 1);
      await catchUp(watcher);
      source.mine(["a", "last"]);
      await watcher.round(NEVER).catch(() => {});

      source.reorganise(1, ["other"]);
      await catchUp(watcher);

      expect(heard).to.deep.equal(["before", "a", "last", "<1", "other"]);
    });

    it("takes them back also when that block is the first of all", async function () {
      const source = createFakeSource();
      source.mine(["a", "last"]);
      const { heard, watcher } = stumbling(source, 1);
      await watcher.round(NEVER).catch(() => {});

      source.reorganise(1, [], ["other"]);
      await catchUp(watcher);

      expect(heard).to.deep.equal(["a", "last", "<0", "other"]);
    });

    it("takes them back after a restart too", async function () {
      const source = createFakeSource();
      source.mine(["a"], ["last"]);
      const checkpoint = createMemoryCheckpoint();
      await stumbling(source, 1, { checkpoint })
        .watcher.round(NEVER)
        .catch(() => {});
      source.reorganise(2, ["other"], []);

      const { heard, watcher } = watching(source, { checkpoint });
      await catchUp(watcher);

      expect(heard).to.deep.equal(["<0", "other"]);
    });

    it("takes them back when the new branch is not as long yet", async function () {
      const source = createFakeSource();
      source.mine(["before"], []);
      const checkpoint = createMemoryCheckpoint();
      await catchUp(watching(source, { checkpoint, confirmations: 1 }).watcher);
      source.mine(["a", "last"], [], []);
      const { heard, watcher } = stumbling(source, 1, { checkpoint, confirmations: 1 });
      await watcher.round(NEVER).catch(() => {});

      source.reorganise(3, ["other"], []);
      await catchUp(watcher);

      expect(heard).to.deep.equal(["a", "last", "<1", "other"]);
    });

    it("brings them again, and takes nothing back, while they stand", async function () {
      const source = createFakeSource();
      source.mine(["a", "last"]);
      const { heard, watcher } = stumbling(source, 2);
      for (let round = 0; round < 2; round++) await watcher.round(NEVER).catch(() => {});

      source.mine(["b"]);
      await catchUp(watcher);

      expect(heard).to.deep.equal(["a", "last", "a", "last", "a", "last", "b"]);
    });

    it("writes down that it begins a round only when there is something to deliver", async function () {
      const source = createFakeSource();
      const memory = createMemoryCheckpoint();
      const saved: (number | undefined)[] = [];
      const checkpoint: CheckpointStore = {
        load: memory.load,
        save: async (done) => {
          saved.push(done.begun?.block);
          await memory.save(done);
        },
      };
      const { watcher } = watching(source, { checkpoint });

      for (const names of [[], ["a"]]) {
        source.mine(names);
        await catchUp(watcher);
      }

      expect(saved).to.deep.equal([undefined, 2, undefined]);
    });
  });

  describe("given a reorganisation", function () {
    it("rewinds to the last common block and delivers the new branch", async function () {
      const source = createFakeSource();
      source.mine(["a"], ["b"], ["c"]);
      const { heard, watcher } = watching(source, { maxBlocksPerRound: 1 });
      await catchUp(watcher);

      source.reorganise(2, ["b2"], ["c2"], ["d2"]);
      await catchUp(watcher);

      expect(heard).to.deep.equal(["a", "b", "c", "<1", "b2", "c2", "d2"]);
    });

    it("notices it also when the new branch is no longer than the old one", async function () {
      const source = createFakeSource();
      source.mine(["a"], ["b"]);
      const { heard, watcher } = watching(source, { maxBlocksPerRound: 1 });
      await catchUp(watcher);

      source.reorganise(1, ["b2"]);
      await catchUp(watcher);

      expect(heard).to.deep.equal(["a", "b", "<1", "b2"]);
    });

    it("goes back to the start when it remembers no common block", async function () {
      const source = createFakeSource();
      source.mine(["a"], ["b"]);
      const { heard, watcher } = watching(source);
      await catchUp(watcher);

      source.reorganise(2, ["a2"], ["b2"], ["c2"]);
      await catchUp(watcher);

      expect(heard).to.deep.equal(["a", "b", "<0", "a2", "b2", "c2"]);
    });

    it("goes back to the start as often as it must", async function () {
      const source = createFakeSource();
      source.mine(["a"]);
      const { heard, watcher } = watching(source, { startBlock: 0 });
      await catchUp(watcher);

      for (const name of ["b", "c"]) {
        source.reorganise(2, [], [name], []);
        source.reorganise(1);
        await catchUp(watcher);
      }

      expect(heard).to.deep.equal(["a", "<-1", "b", "<-1", "c"]);
    });

    it("rewinds again when the process died before the rewind was saved", async function () {
      const source = createFakeSource();
      source.mine(["a"], ["b"]);
      const checkpoint = createMemoryCheckpoint();
      const { heard, options, watcher } = watching(source, { checkpoint, maxBlocksPerRound: 1 });
      await catchUp(watcher);
      source.reorganise(1, ["b2"], []);
      const dies = { ...checkpoint, save: () => Promise.reject(new Error("died")) };

      await createEventWatcher({ ...options, checkpoint: dies })
        .round(NEVER)
        .catch(() => {});
      await catchUp(watcher);

      expect(heard).to.deep.equal(["a", "b", "<1", "<1", "b2"]);
    });

    it("sees none in blocks that it has not delivered yet", async function () {
      const source = createFakeSource();
      source.mine(["a"], ["b"], []);
      const { heard, watcher } = watching(source, { confirmations: 2 });
      await catchUp(watcher);

      source.reorganise(2, ["b2"], [], []);
      await catchUp(watcher);

      expect(heard).to.deep.equal(["a", "b2"]);
    });

    it("waits while the chain is shorter than what it has seen", async function () {
      const source = createFakeSource();
      source.mine(["a"], ["b"], ["c"]);
      const { heard, watcher } = watching(source, { maxBlocksPerRound: 1 });
      await catchUp(watcher);

      source.reorganise(2, ["b2"]);
      await catchUp(watcher);

      expect(heard).to.deep.equal(["a", "b", "c"]);
      source.mine(["c2"]);
      await catchUp(watcher);
      expect(heard.slice(3)).to.deep.equal(["<1", "b2", "c2"]);
    });

    it("ends with the events of the chain as it is, whatever forks and failures came before", async function () {
      const step = fc.record({
        ...{ depth: fc.nat(4), add: fc.integer({ min: 1, max: 6 }), watch: fc.boolean() },
        failsAt: fc.option(fc.nat(5), { nil: undefined }),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.integer({ min: 1, max: 5 }), async (steps, most) => {
          const source = createFakeSource();
          const known: { block: number; name: string }[] = [];
          const checkpoint = createMemoryCheckpoint();
          let failsAt: number | undefined;
          const { watcher } = watching(source, {
            checkpoint,
            maxBlocksPerRound: most,
            onEvent: async (event) => {
              const [block, name] = [event.blockNumber, nameOf(event)];
              if (!known.some((one) => one.name === name)) known.push({ block, name });
              if (failsAt !== undefined && failsAt-- === 0) throw new NoGasMoneyError("later");
            },
            onRewind: async (to) => void known.splice(0, known.length, ...known.filter(({ block }) => block <= to)),
          });
          let height = 0;
          const truth: string[] = [];
          const end = { depth: 0, add: 5, watch: true, failsAt: undefined };
          for (const [turn, { depth, add, watch, ...rest }] of [...steps, end].entries()) {
            const dropped = Math.min(depth, height, add); // a branch wins when it is longer
            const names = Array.from({ length: add }, (_, index) => `${turn}-${index}`);
            if (dropped > 0) source.reorganise(dropped, ...names.map((name) => [name]));
            else source.mine(...names.map((name) => [name]));
            height += add - dropped;
            truth.splice(truth.length - dropped, dropped, ...names);
            failsAt = rest.failsAt;
            if (watch) await catchUp(watcher).catch(() => {});
          }

          expect(known.map(({ name }) => name)).to.deep.equal(truth);
          const { trail } = (await checkpoint.load())!;
          expect(trail.filter(({ block, hash }) => source.hashAt(block) !== hash)).to.deep.equal([]);
        }),
        { numRuns: 200 },
      );
    });
  });
});
