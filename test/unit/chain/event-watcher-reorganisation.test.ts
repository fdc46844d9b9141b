import { expect } from "chai";
import fc from "fast-check";

import { createEventWatcher } from "../../../chain/event-watcher.ts";
import { createMemoryCheckpoint } from "../../support/chain/memory-checkpoint.ts";
import { createFakeSource, nameOf } from "../../support/chain/fake-source.ts";
import { catchUp, NEVER, watching } from "../../support/chain/watching.ts";

describe("event watcher", function () {
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

    it("ends with the events of the chain as it is, whatever forks came before", async function () {
      const step = fc.record({ depth: fc.nat(4), add: fc.integer({ min: 1, max: 6 }), watch: fc.boolean() });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.integer({ min: 1, max: 5 }), async (steps, most) => {
          const source = createFakeSource();
          const known: { block: number; name: string }[] = [];
          const checkpoint = createMemoryCheckpoint();
          const { watcher } = watching(source, {
            checkpoint,
            maxBlocksPerRound: most,
            onEvent: async (event) => void known.push({ block: event.blockNumber, name: nameOf(event) }),
            onRewind: async (to) => void known.splice(0, known.length, ...known.filter(({ block }) => block <= to)),
          });
          let height = 0;
          const truth: string[] = [];
          for (const [turn, { depth, add, watch }] of [...steps, { depth: 0, add: 5, watch: true }].entries()) {
            const dropped = Math.min(depth, height, add); // a branch wins when it is longer
            const names = Array.from({ length: add }, (_, index) => `${turn}-${index}`);
            if (dropped > 0) source.reorganise(dropped, ...names.map((name) => [name]));
            else source.mine(...names.map((name) => [name]));
            height += add - dropped;
            truth.splice(truth.length - dropped, dropped, ...names);
            if (watch) await catchUp(watcher);
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
