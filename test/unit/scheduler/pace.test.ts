import { expect } from "chai";

import { packResources, NO_RESOURCES } from "../../../protocol/capabilities.ts";
import type { Address } from "../../../protocol/primitives.ts";
import { pacesOf, speedOf, withPace } from "../../../scheduler/domain/workers/pace.ts";
import type { Pace } from "../../../scheduler/domain/workers/pace.ts";
import type { VoteState } from "../../../scheduler/domain/votes/vote-state.ts";
import { addressOf, aTask, aVote } from "../../support/scheduler-records.ts";

type Run = readonly [benchmark: number, tookMs: number | undefined, state?: VoteState];

/** The paces of workers 1, 2, … of a task that each of them ran so. */
function pacesAfter(...runs: readonly Run[]): Readonly<Record<Address, number>> {
  const votes = (taskId: Parameters<typeof aVote>[0]) =>
    runs.map(([benchmark, tookMs, state = "agree"], place) =>
      aVote(taskId, addressOf(place + 1), state, {
        spare: { benchmark, memoryMiB: 1_024 },
        ...(tookMs === undefined ? {} : { tookMs }),
      }),
    );
  return Object.fromEntries(pacesOf(aTask({}, { votes })));
}
const [ONE, TWO, THREE] = [addressOf(1), addressOf(2), addressOf(3)];
const capabilities = packResources({ ...NO_RESOURCES, benchmark: 2_000 });

describe("the pace of a worker", function () {
  const cases: readonly (readonly [string, readonly Run[], Readonly<Record<Address, number>>])[] = [
    [
      "is 1 of all that took as long as they should",
      [
        [1_000, 40_000],
        [2_000, 20_000],
      ],
      { [ONE]: 1, [TWO]: 1 },
    ],
    [
      "is a half of one that took twice as long",
      [
        [1_000, 20_000],
        [1_000, 40_000],
      ],
      { [ONE]: 1, [TWO]: 0.5 },
    ],
    [
      "is a quarter of one that states four times its speed",
      [
        [1_000, 40_000],
        [4_000, 40_000],
      ],
      { [ONE]: 1, [TWO]: 0.25 },
    ],
    [
      "is measured by the median of the others, so that one that is slow too hides nobody",
      [
        [1_000, 20_000],
        [1_000, 80_000],
        [1_000, 20_000],
      ],
      { [ONE]: 1, [TWO]: 0.25, [THREE]: 1 },
    ],
    [
      "is not told by a short run",
      [
        [1_000, 9_999],
        [1_000, 40_000],
      ],
      {},
    ],
    [
      "is told from ten seconds on",
      [
        [1_000, 10_000],
        [1_000, 40_000],
      ],
      { [ONE]: 1, [TWO]: 0.25 },
    ],
    [
      "is not told beside an answer that differed",
      [
        [1_000, 20_000, "differ"],
        [1_000, 40_000],
      ],
      {},
    ],
    [
      "is not told where nobody knows how long it took",
      [
        [1_000, undefined],
        [1_000, 40_000],
      ],
      {},
    ],
  ];
  for (const [what, runs, paces] of cases) {
    it(what, function () {
      expect(pacesAfter(...runs)).to.deep.equal(paces);
    });
  }

  const after = (...paces: readonly number[]): Pace | undefined =>
    paces.reduce<Pace | undefined>((known, pace) => withPace(known, pace), undefined);

  const speeds: readonly (readonly [string, Pace | undefined, number])[] = [
    ["what it states, before it was compared", undefined, 2_000],
    ["what it states, while it was compared less than five times", after(0.1, 0.1, 0.1, 0.1), 2_000],
    ["what it shows after that", after(0.1, 0.1, 0.1, 0.1, 0.1), 200],
    ["what it states, where it is not far below", after(0.5, 0.5, 0.5, 0.5, 0.5), 2_000],
    ["what it shows, where it is", after(0.49, 0.49, 0.49, 0.49, 0.49), 980],
    ["what it states again, once it is as fast", after(0.1, 0.1, 0.1, 0.1, 0.1, 1, 1, 1), 2_000],
  ];
  for (const [what, pace, shown] of speeds) {
    it(`makes its speed ${what}`, function () {
      expect(speedOf(capabilities, pace)).to.deep.equal({ stated: 2_000, shown });
    });
  }
});
