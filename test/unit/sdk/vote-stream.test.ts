import { expect } from "chai";
import fc from "fast-check";

import type { Address, Hash } from "../../../protocol/primitives.ts";
import { byTask, byWorker, encodeSettlement } from "../../../protocol/settlement.ts";
import type { CarriedVote, SettledTask } from "../../../protocol/settlement.ts";
import { decodeVoteStream } from "../../../sdk/vote-stream.ts";

const word = (value: number): Hash => `0x${value.toString(16).padStart(64, "0")}`;
const DEALS = [word(5), word(9)];
const WORKERS = [1, 2, 3, 4].map((value): Address => `0x${value.toString(16).padStart(40, "0")}`);

const vote = (worker: Address) =>
  fc.oneof(
    fc.nat({ max: 3 }).map((digest) => ({ worker, digest: word(100 + digest) })),
    fc.nat().map((seal) => ({ worker, seal: word(seal) })),
  );
const keptVote = (worker: Address): fc.Arbitrary<CarriedVote> =>
  fc.oneof(
    fc.nat({ max: 3 }).map((digest) => ({ worker, isSealed: false, word: word(100 + digest) })),
    fc.nat().map((seal) => ({ worker, isSealed: true, word: word(seal) })),
    fc.tuple(fc.nat({ max: 3 }), fc.nat()).map(([digest, secret]) => ({
      ...{ worker, isSealed: true, word: word(7), opening: { digest: word(100 + digest), secret: word(secret) } },
    })),
  );
const task: fc.Arbitrary<SettledTask> = fc.record({
  dealId: fc.constantFrom(...DEALS),
  index: fc.nat({ max: 0xffff_ffff }),
  kept: fc.shuffledSubarray(WORKERS).chain((workers) => fc.tuple(...workers.map(keptVote))),
  votes: fc.subarray(WORKERS).chain((workers) => fc.tuple(...workers.map(vote))),
});

describe("decodeVoteStream", function () {
  it("reads back what a settle was encoded from", function () {
    const tasks = fc.uniqueArray(task, { selector: ({ dealId, index }) => `${dealId} ${index}`, maxLength: 8 });
    fc.assert(
      fc.property(tasks, (settled) => {
        const read = decodeVoteStream(encodeSettlement(settled, DEALS, WORKERS));

        const expected = [...settled].sort(byTask).map(({ dealId, index, kept, votes }) => ({
          deal: DEALS.indexOf(dealId),
          index,
          votes: [
            ...kept!.map(({ worker, isSealed, word: kept, opening }) => ({
              ballot: WORKERS.indexOf(worker),
              digest: opening?.digest ?? (isSealed ? undefined : kept),
              kept: true,
            })),
            ...[...votes].sort(byWorker).map((each) => ({
              ballot: WORKERS.indexOf(each.worker),
              digest: "digest" in each ? each.digest : undefined,
              kept: false,
            })),
          ],
        }));
        expect(read).to.deep.equal(expected);
      }),
    );
  });

  it("refuses a stream that ends in the middle", function () {
    const stream = encodeSettlement(
      [{ dealId: DEALS[0]!, index: 0, votes: [{ worker: WORKERS[0]!, digest: word(7) }] }],
      DEALS,
      WORKERS,
    );

    expect(() => decodeVoteStream(stream.slice(0, -2) as Hash)).to.throw(RangeError);
  });
});
