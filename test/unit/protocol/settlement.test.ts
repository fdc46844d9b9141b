import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";
import fc from "fast-check";

import { sealOf } from "../../../protocol/ballot.ts";
import { taskIdOf } from "../../../protocol/deal.ts";
import { EPOCH_GAS_LIMIT, TRANSACTION_GAS_CAP } from "../../../protocol/constants.ts";
import type { Address, Hash } from "../../../protocol/primitives.ts";
import { byTask, byWorker, encodeSettlement, estimateSettleGas } from "../../../protocol/settlement.ts";
import type { CarriedVote, SettledTask, SettledVote } from "../../../protocol/settlement.ts";
import { decodeSettlement } from "../../support/scheduler-stream.ts";
import { account, someAddress, someHash, word } from "./arbitraries.ts";

const WORKERS = [account(0x0a), account(0xb0), account(0xff)] as const;
const DEALS = [word(3), word(0x20)] as const;
const [LOW, HIGH] = [word(0x77), word(0x700)] as const;

const oneTask = (changes: Partial<SettledTask> = {}): SettledTask => ({
  ...{ dealId: DEALS[0], index: 0, votes: [{ worker: WORKERS[0], digest: LOW }] },
  ...changes,
});

/** Any settle: deals and workers ascending, tasks and votes of them. */
const someSettle = fc
  .record({
    dealIds: fc.uniqueArray(someHash, { minLength: 1, maxLength: 4 }),
    workers: fc.uniqueArray(someAddress, { minLength: 1, maxLength: 5 }),
    digests: fc.uniqueArray(someHash, { minLength: 1, maxLength: 3 }),
  })
  .map(({ dealIds, workers, digests }) => ({ dealIds: dealIds.toSorted(), workers: workers.toSorted(), digests }))
  .chain(({ dealIds, workers, digests }) => {
    const vote = (worker: Address): fc.Arbitrary<SettledVote> =>
      fc.oneof(
        fc.constantFrom(...digests).map((digest) => ({ worker, digest })),
        someHash.map((seal) => ({ worker, seal })),
      );
    const opened = fc.record({ digest: fc.constantFrom(...digests), secret: someHash });
    const keptVote = (worker: Address, taskId: Hash): fc.Arbitrary<CarriedVote> =>
      fc.oneof(
        fc.constantFrom(...digests).map((digest) => ({ worker, isSealed: false, word: digest })),
        someHash.map((seal) => ({ worker, isSealed: true, word: seal })),
        opened.map((opening) => ({
          ...{ worker, isSealed: true, opening },
          word: sealOf(worker, taskId, opening.digest, opening.secret),
        })),
      );
    const name = fc.record({ dealId: fc.constantFrom(...dealIds), index: fc.nat({ max: 2 ** 32 - 1 }) });
    const task: fc.Arbitrary<SettledTask> = name.chain(({ dealId, index }) =>
      fc.record(
        {
          dealId: fc.constant(dealId),
          index: fc.constant(index),
          kept: fc
            .shuffledSubarray([...workers], { minLength: 1 })
            .chain((voters) => fc.tuple(...voters.map((worker) => keptVote(worker, taskIdOf(dealId, index))))),
          votes: fc.shuffledSubarray([...workers]).chain((voters) => fc.tuple(...voters.map(vote))),
        },
        { requiredKeys: ["dealId", "index", "votes"] },
      ),
    );
    const tasks = fc.uniqueArray(task, { maxLength: 5, selector: ({ dealId, index }) => `${dealId} ${index}` });
    return tasks.map((all) => ({ dealIds, workers, tasks: all }));
  });

describe("settlement", function () {
  describe("orders", function () {
    it("tasks by deal, then by index, as numbers", function () {
      const tasks = [
        [DEALS[1], 0],
        [DEALS[0], 10],
        [DEALS[0], 9],
      ].map(([dealId, index]) => ({ dealId: dealId as Hash, index: index as number }));

      expect(tasks.toSorted(byTask).map(({ index }) => index)).to.deep.equal([9, 10, 0]);
      expect(byTask(tasks[0]!, { ...tasks[0]! })).to.equal(0);
    });

    it("workers as numbers, whatever the case of their letters", function () {
      const workers = [`0x${"F0".repeat(20)}`, `0x${"a1".repeat(20)}`, `0x${"0f".repeat(20)}`] as Address[];

      expect(
        workers
          .map((worker) => ({ worker }))
          .toSorted(byWorker)
          .map(({ worker }) => worker),
      ).to.deep.equal([...[workers[2], workers[1], workers[0]]]);
      expect(byWorker({ worker: workers[0]! }, { worker: workers[0]!.toLowerCase() as Address })).to.equal(0);
    });
  });

  describe("encodeSettlement", function () {
    it("writes deal, index and counts, then the digests, then the votes, a sealed one with its seal", function () {
      const votes = [
        { worker: WORKERS[2], seal: word(0x5ea1) },
        { worker: WORKERS[1], digest: LOW },
        { worker: WORKERS[0], digest: HIGH },
      ];

      expect(encodeSettlement([oneTask({ dealId: DEALS[1], index: 258, votes })], DEALS, WORKERS)).to.equal(
        [
          "0x",
          ...["0001", "00000102", "02", "00", "03"],
          ...[LOW.slice(2), HIGH.slice(2)],
          ...["0000", "01"],
          ...["0001", "00"],
          ...["0002", "ff", word(0x5ea1).slice(2)],
        ].join(""),
      );
    });

    it("writes nothing for no task, and no group for a task without an open vote", function () {
      const sealed = [{ worker: WORKERS[0], seal: word(1) }];

      expect(encodeSettlement([], DEALS, WORKERS)).to.equal("0x");
      expect(encodeSettlement([oneTask({ votes: [] })], DEALS, WORKERS)).to.equal("0x000000000000000000");
      expect(encodeSettlement([oneTask({ votes: sealed })], DEALS, WORKERS)).to.equal(
        `0x000000000000000001${"0000"}ff${word(1).slice(2)}`,
      );
    });

    it("makes one group of equal digests", function () {
      const votes = WORKERS.map((worker) => ({ worker, digest: LOW }));

      expect(encodeSettlement([oneTask({ votes })], DEALS, WORKERS)).to.equal(
        `0x00000000000001${"0003"}${LOW.slice(2)}000000${"000100"}${"000200"}`,
      );
    });

    it("is read back, in order, as what it was written from", function () {
      fc.assert(
        fc.property(someSettle, ({ tasks, dealIds, workers }) => {
          const expected = tasks.toSorted(byTask).map((task) => ({ ...task, votes: [...task.votes].sort(byWorker) }));
          expect(decodeSettlement(encodeSettlement(tasks, dealIds, workers), dealIds, workers)).to.deep.equal(expected);
        }),
      );
    });

    it("does not depend on the order in which tasks and votes are given", function () {
      fc.assert(
        fc.property(someSettle, ({ tasks, dealIds, workers }) => {
          const turned = tasks.toReversed().map((task) => ({ ...task, votes: task.votes.toReversed() }));
          expect(encodeSettlement(turned, dealIds, workers)).to.equal(encodeSettlement(tasks, dealIds, workers));
        }),
      );
    });

    it("finds a worker whatever the case of its letters", function () {
      const upper: Address = `0x${WORKERS[0].slice(2).toUpperCase()}`;

      expect(encodeSettlement([oneTask()], DEALS, [upper])).to.equal(encodeSettlement([oneTask()], DEALS, WORKERS));
    });

    it("refuses a deal or a worker that does not stand beside it", function () {
      const stranger = oneTask({ votes: [{ worker: account(0xbad), digest: LOW }] });

      expect(() => encodeSettlement([oneTask({ dealId: word(9) })], DEALS, WORKERS)).to.throw(RangeError, word(9));
      expect(() => encodeSettlement([stranger], DEALS, WORKERS)).to.throw(RangeError, account(0xbad));
    });

    it("has room for an index of 32 bits and no more", function () {
      expect(encodeSettlement([oneTask({ index: 2 ** 32 - 1 })], DEALS, WORKERS)).to.include("0000ffffffff");
      expect(() => encodeSettlement([oneTask({ index: 2 ** 32 })], DEALS, WORKERS)).to.throw();
    });
  });

  describe("estimateSettleGas", function () {
    const path = join(import.meta.dirname, "../../../snapshots/gas.json");
    const measured = JSON.parse(readFileSync(path, "utf8")) as Record<string, number>;
    const single = { deals: 1, tasks: 1, votes: 3, ballots: 3, callbacks: 0 };
    const batch = { deals: 1, tasks: 100, votes: 300, ballots: 10, callbacks: 0 };

    for (const [row, size] of [
      ["settle, 1 task of 3 votes", single],
      ["settle, 100 tasks of 3 votes in one deal", batch],
    ] as const) {
      it(`is above what was measured: ${row}`, function () {
        expect(Number(estimateSettleGas(size))).to.be.above(measured[row]!);
      });
    }

    for (const [row, size] of [
      ["whole task, 3 votes, alone in its epoch", single],
      ["whole task, 3 votes, batch of 100 in one deal, 10 workers", batch],
      ["whole task, 3 votes, own deal of volume 1, batch of 100", { ...batch, deals: 100 }],
    ] as const) {
      it(`is above what was measured with the seal: ${row}`, function () {
        expect(Number(estimateSettleGas(size)) / size.tasks).to.be.above(measured[row]!);
      });
    }

    for (const [row, size] of [
      ["settle, 2 votes of a task kept", { ...single, votes: 2, ballots: 2 }],
      ["settle, 2 votes of 20 tasks of one deal kept", { ...single, tasks: 20, votes: 40, ballots: 2 }],
    ] as const) {
      it(`is above what was measured where tasks stay open: ${row}`, function () {
        expect(Number(estimateSettleGas({ ...size, open: true }))).to.be.above(measured[row]!);
      });
    }

    it("grows with everything that a settle carries", function () {
      const size = fc.record({
        ...{ deals: fc.nat(1_000), tasks: fc.nat(1_000), votes: fc.nat(9_999), ballots: fc.nat(99) },
        callbacks: fc.nat(40),
      });
      fc.assert(
        fc.property(size, (any) => {
          for (const part of ["deals", "tasks", "votes", "ballots", "callbacks"] as const) {
            expect(estimateSettleGas({ ...any, [part]: any[part] + 1 }) > estimateSettleGas(any), part).to.equal(true);
          }
        }),
      );
    });

    it("has for each callback at least the gas that it may use", function () {
      const { callbacks: _none, ...rest } = single;

      expect(Number(estimateSettleGas({ ...rest, callbacks: 1 }) - estimateSettleGas(single))).to.be.above(200_000);
    });

    it("leaves room between an epoch's limit and what a transaction may use", function () {
      expect(Number(TRANSACTION_GAS_CAP - EPOCH_GAS_LIMIT)).to.be.above(4_000_000);
      expect(Number(estimateSettleGas(batch))).to.be.below(Number(EPOCH_GAS_LIMIT));
    });
  });
});
