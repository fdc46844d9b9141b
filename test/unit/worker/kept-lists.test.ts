import { expect } from "chai";
import fc from "fast-check";

import type { GridEvent } from "../../../chain/events.ts";
import { keptVotesHash } from "../../../protocol/kept-votes.ts";
import { ZERO_HASH } from "../../../protocol/primitives.ts";
import type { Hash } from "../../../protocol/primitives.ts";
import type { KeptVote } from "../../../protocol/settlement.ts";
import { createKeptLists } from "../../../worker/chain/kept-lists.ts";
import { ChainMovedError } from "../../../worker/errors.ts";
import { WORKER } from "./fakes.ts";

const DEAL: Hash = `0x${"de".repeat(32)}`;
const list = (word: number): readonly KeptVote[] => [
  { worker: WORKER, isSealed: true, word: `0x${word.toString(16).padStart(64, "0")}` },
];
type Kept = { readonly block: number; readonly index: number; readonly votes: readonly KeptVote[] };

/** A chain whose blocks have these times, from `first` on, with what was kept in them; counts what it is asked. */
function chainOf(times: readonly number[], kept: readonly Kept[], first = 100) {
  const asked = { times: 0, ranges: [] as number[] };
  const source = {
    timeOf: async (block: number) => {
      asked.times += 1;
      return times[block - first];
    },
    read: async (from: number, to: number) => {
      asked.ranges.push(to - from + 1);
      const events = kept
        .filter(({ block }) => block >= from && block <= to)
        .map(({ index, votes }) => ({ kind: "TaskKept", dealId: DEAL, index, votes }) as unknown as GridEvent);
      return { events, parentHash: ZERO_HASH, lastHash: ZERO_HASH };
    },
  };
  const find = createKeptLists(source, first);
  const of = (index: number, keptAt: number, votes: readonly KeptVote[]) =>
    find({ dealId: DEAL, index }, { keptAt, votesHash: keptVotesHash(votes) }, first + times.length - 1);
  return { of, asked };
}

describe("lists of kept votes", function () {
  it("are found by the time of their block, wherever it lies and however many blocks have that time", async function () {
    const gaps = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(gaps, fc.nat(), async (some, at) => {
        let now = 1_000;
        const times = some.map((gap) => (now += gap));
        const place = at % times.length;
        const { of, asked } = chainOf(times, [{ block: 100 + place, index: 3, votes: list(7) }]);

        expect(await of(3, times[place]!, list(7))).to.deep.equal(list(7));
        expect(asked.ranges.every((size) => size === 1)).to.equal(true);
      }),
    );
  });

  it("are told apart by task and hash, and read once for all tasks of a settle", async function () {
    const kept = [
      { block: 101, index: 0, votes: list(1) },
      { block: 101, index: 1, votes: list(2) },
      { block: 101, index: 0, votes: list(3) },
    ];
    const { of, asked } = chainOf([10, 20, 30], kept);

    const lists = await Promise.all([of(0, 20, list(1)), of(1, 20, list(2)), of(0, 20, list(3))]);

    expect(lists).to.deep.equal([list(1), list(2), list(3)]);
    expect(asked.ranges).to.have.lengthOf(1);
  });

  it("are looked for again when they were not there: the chain may have been reorganised", async function () {
    const kept: Kept[] = [];
    const { of } = chainOf([10, 20, 30], kept);

    const missed = await of(0, 20, list(1)).catch((error: unknown) => error);
    kept.push({ block: 101, index: 0, votes: list(1) });

    expect(missed).to.be.instanceOf(ChainMovedError);
    expect(await of(0, 20, list(1))).to.deep.equal(list(1));
  });
});
