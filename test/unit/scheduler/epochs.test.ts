import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

import fc from "fast-check";

import { sealOf } from "../../../protocol/ballot.ts";
import { TRANSACTION_GAS_CAP } from "../../../protocol/constants.ts";
import { dealIdOf } from "../../../protocol/deal.ts";
import { failDigest } from "../../../protocol/digest.ts";
import { IllegalMoveError } from "../../../protocol/errors.ts";
import type { Address, Hash } from "../../../protocol/primitives.ts";
import { byTask } from "../../../protocol/settlement.ts";
import { ballotFault, checkOpening, SEAL_MARGIN_SECONDS } from "../../../scheduler/domain/epochs/ballot-check.ts";
import { planEpoch, tasksToSeal } from "../../../scheduler/domain/epochs/epoch-plan.ts";
import type { EpochPolicy, LaneView } from "../../../scheduler/domain/epochs/epoch-plan.ts";
import { isOver, moveEpoch, SEAL_LOST } from "../../../scheduler/domain/epochs/epoch-state.ts";
import type { EpochState, SignedBallot } from "../../../scheduler/domain/epochs/epoch-state.ts";
import type { TaskRecord } from "../../../scheduler/domain/tasks/task-state.ts";
import { addressOf, aDeal, aTask, aVote, DIGEST, GENESIS, OTHER_DIGEST } from "../../support/scheduler-records.ts";

const POLICY: EpochPolicy = {
  maxWaitSeconds: 30,
  maxTasks: 400,
  ballotSeconds: 15,
  openSeconds: 120,
  sealMarginSeconds: 60,
};
const SECRET: Hash = `0x${"5e".repeat(32)}`;

/** A task that two workers agree on, agreed at GENESIS. */
function agreed(index = 0, deal = aDeal({ volume: 1_000 }), voters: readonly Address[] = [addressOf(1), addressOf(2)]) {
  const history = [{ at: GENESIS, status: "agreed", note: "" }] as const;
  const votes = (id: Hash) => voters.map((worker) => aVote(id, worker, "computed"));
  return aTask({ state: "agreed", history }, { deal, index, votes });
}

const many = (count: number, deal = aDeal({ volume: 1_000 })): TaskRecord[] =>
  Array.from({ length: count }, (_unused, index) => agreed(index, deal));
const view = (changes: Partial<LaneView>): LaneView => ({ agreed: [], underway: 0, now: GENESIS + 1, ...changes });
const sealed = (changes: Partial<LaneView>, policy: Partial<EpochPolicy> = {}) =>
  tasksToSeal(view(changes), { ...POLICY, ...policy });

describe("epoch states", function () {
  const moves: Readonly<Record<EpochState, readonly EpochState[]>> = {
    balloting: ["sealing", "abandoned"],
    sealing: ["opening", "abandoned"],
    opening: ["settling", "abandoned"],
    settling: ["settled", "abandoned"],
    settled: [],
    abandoned: [],
  };
  const states = Object.keys(moves) as EpochState[];

  for (const from of states) {
    for (const to of states) {
      const legal = moves[from].includes(to);
      it(`${legal ? "lets" : "never lets"} an epoch go from ${from} to ${to}`, function () {
        const record = { ...planEpoch(0, 1, [agreed()], GENESIS), state: from };

        if (legal) expect(moveEpoch(record, to, { note: "n" })).to.include({ state: to, note: "n" });
        else expect(() => moveEpoch(record, to)).to.throw(IllegalMoveError);
        expect(isOver(from)).to.equal(moves[from].length === 0);
      });
    }
  }
});

describe("when an epoch is closed", function () {
  it("at once when no other task may join it", function () {
    expect(sealed({ agreed: many(3) })).to.have.lengthOf(3);
    expect(sealed({ agreed: many(3), underway: 1 })).to.deep.equal([]);
  });

  it("when a task has waited long enough, and not a second earlier", function () {
    const waiting = { agreed: many(1), underway: 5 };

    expect(sealed({ ...waiting, now: GENESIS + 29 })).to.deep.equal([]);
    expect(sealed({ ...waiting, now: GENESIS + 30 })).to.have.lengthOf(1);
  });

  it("when it is full, leaving the rest for the next", function () {
    expect(sealed({ agreed: many(3), underway: 5 }, { maxTasks: 4 })).to.deep.equal([]);
    expect(sealed({ agreed: many(4), underway: 5 }, { maxTasks: 4 })).to.have.lengthOf(4);
    expect(sealed({ agreed: many(9), underway: 5 }, { maxTasks: 4 })).to.have.lengthOf(4);
  });

  it("before its settle would cost more gas than the limit, however many tasks may be in it", function () {
    const deals = Array.from({ length: 150 }, (_unused, i) => aDeal({ openedAt: GENESIS - i }));
    const tasks = deals.map((deal) => agreed(0, deal));
    const chosen = sealed({ agreed: tasks, underway: 5 }, { maxTasks: 10_000 });

    expect(chosen.length).to.be.within(70, 100);
  });

  it("before its settle could not be sent any more if every task of it stayed open", function () {
    const path = join(import.meta.dirname, "../../../snapshots/gas.json");
    const measured = JSON.parse(readFileSync(path, "utf8")) as Record<string, number>;
    const [one, twenty] = ["a task", "20 tasks of one deal"].map(
      (name) => measured[`settle, 2 votes of ${name} kept`]!,
    );

    const chosen = sealed({ agreed: many(900), underway: 5 }, { maxTasks: 10_000 });

    expect(one! + (chosen.length * (twenty! - one!)) / 19).to.be.below(Number(TRANSACTION_GAS_CAP));
    expect(chosen.length).to.be.above(300);
  });

  it("before it would make more than 40 callbacks", function () {
    const deal = aDeal({ volume: 100, callback: addressOf(7) });

    const chosen = sealed({ agreed: many(50, deal), underway: 5 });

    expect(chosen.length).to.be.within(20, 40);
  });

  it("without tasks that are in their grace, up to the block after which a seal comes too late for it", function () {
    const deal = aDeal({ grace: 100 });

    expect(sealed({ agreed: [agreed(0, deal)], now: GENESIS + 99 })).to.deep.equal([]);
    expect(sealed({ agreed: [agreed(0, deal)], now: GENESIS + 100 })).to.have.lengthOf(1);
  });

  it("without tasks whose deadline is nearer than the margin", function () {
    expect(sealed({ agreed: many(1), now: GENESIS + 3_000 - 60 })).to.have.lengthOf(1);
    expect(sealed({ agreed: many(1), now: GENESIS + 3_000 - 59 })).to.deep.equal([]);
  });

  it("at once, with all its tasks, after a reorganisation that removed its seal, but not after settles that left them open", function () {
    const tries =
      (note: string) =>
      (task: TaskRecord): TaskRecord => {
        const again = [
          { at: GENESIS, status: "sealed", note: "" },
          { at: GENESIS, status: "agreed", note },
        ] as const;
        return { ...task, history: [...task.history, ...again, ...again] };
      };

    expect(sealed({ agreed: many(3).map(tries(SEAL_LOST)) })).to.have.lengthOf(3);
    expect(sealed({ agreed: many(3).map(tries("left open")) })).to.deep.equal([]);
  });

  it("over tasks in the order of their deals and indexes", function () {
    const deals = [aDeal({ volume: 9, openedAt: GENESIS }), aDeal({ volume: 9, openedAt: GENESIS - 1 })];
    const tasks = deals.flatMap((deal) => [3, 1, 2].map((index) => agreed(index, deal)));

    const chosen = sealed({ agreed: tasks });

    expect(chosen).to.have.lengthOf(6);
    expect(chosen).to.deep.equal([...chosen].sort(byTask));
  });
});

describe("who is asked for a ballot", function () {
  it("each worker for the tasks that it has computed, in task order", function () {
    const [first, second] = [...many(2)].sort(byTask) as [TaskRecord, TaskRecord];
    const alone = { ...second, votes: second.votes.slice(0, 1) };

    const { asked } = planEpoch(0, 1, [first, alone], GENESIS);

    expect(asked).to.deep.equal({
      [addressOf(1)]: [first.taskId, second.taskId],
      [addressOf(2)]: [first.taskId],
    });
  });

  it("never for a failure that was its machine's own", function () {
    const task = aTask(
      { state: "agreed" },
      {
        votes: (id) => [
          aVote(id, addressOf(1), "computed"),
          aVote(id, addressOf(2), "computed", { of: failDigest("time") }),
          aVote(id, addressOf(3), "running"),
          aVote(id, addressOf(4), "lost"),
        ],
      },
    );

    expect(Object.keys(planEpoch(0, 1, [task], GENESIS).asked)).to.deep.equal([addressOf(1)]);
  });
});

describe("which ballots are good", function () {
  const tasks = [...many(3)].sort(byTask);
  const record = planEpoch(0, 1, tasks, GENESIS + 15);
  const vote = ({ taskId }: TaskRecord) => ({ taskId, seal: SECRET });
  const ballot = (changes: Partial<SignedBallot> = {}): SignedBallot => ({
    worker: addressOf(1),
    sealBy: GENESIS + 600,
    votes: tasks.map(vote),
    signature: `0x${"00".repeat(64)}`,
    ...changes,
  });

  it("one for all tasks, and one that leaves some out", function () {
    expect(ballotFault(record, ballot(), GENESIS)).to.equal(undefined);
    expect(ballotFault(record, ballot({ votes: [vote(tasks[0]!), vote(tasks[2]!)] }), GENESIS)).to.equal(undefined);
  });

  it("none of a worker that was not asked", function () {
    expect(ballotFault(record, ballot({ worker: addressOf(9) }), GENESIS)).to.equal("was not asked");
  });

  const wrong: readonly (readonly [string, SignedBallot["votes"]])[] = [
    ["out of order", [vote(tasks[1]!), vote(tasks[0]!)]],
    ["naming a task twice", [vote(tasks[0]!), vote(tasks[0]!)]],
    ["naming a task that was not asked for", [vote(tasks[0]!), vote(agreed(7))]],
  ];
  for (const [how, votes] of wrong) {
    it(`none ${how}`, function () {
      expect(ballotFault(record, ballot({ votes }), GENESIS)).to.include("out of order");
    });
  }

  it("only what can still be sealed once the last ballot is in", function () {
    const end = record.ballotsUntil + SEAL_MARGIN_SECONDS;

    expect(ballotFault(record, ballot({ sealBy: end }), GENESIS)).to.equal(undefined);
    expect(ballotFault(record, ballot({ sealBy: end - 1 }), GENESIS)).to.include("too little time");
    expect(ballotFault(record, ballot({ sealBy: end }), record.ballotsUntil + 1)).to.include("too little time");
  });

  it("and of an opening the digests that fit its seals", function () {
    const worker = addressOf(1);
    const votes = tasks.map(({ taskId }) => ({ taskId, seal: sealOf(worker, taskId, DIGEST, SECRET) }));
    const opened = tasks.map(({ taskId }, index) => ({ taskId, digest: index === 1 ? OTHER_DIGEST : DIGEST }));

    const { digests } = checkOpening(worker, ballot({ votes }), SECRET, opened);

    expect(digests).to.deep.equal({ [tasks[0]!.taskId]: DIGEST, [tasks[2]!.taskId]: DIGEST });
    expect(checkOpening(worker, ballot({ votes }), DIGEST, opened).digests).to.deep.equal({});
    expect(checkOpening(addressOf(2), ballot({ votes }), SECRET, opened).digests).to.deep.equal({});
  });

  it("whatever order the tasks were asked in, exactly its ascending subsets", function () {
    const indexes = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(indexes, (chosen) => {
        const ascending = chosen.every((index, at) => at === 0 || index > chosen[at - 1]!);
        const fault = ballotFault(record, ballot({ votes: chosen.map((index) => vote(tasks[index]!)) }), GENESIS);

        expect(fault === undefined).to.equal(ascending);
      }),
    );
  });

  it("names tasks by the ids that their deals give them", function () {
    expect(tasks.every(({ dealId }) => dealId === dealIdOf(aDeal({ volume: 1_000 })))).to.equal(true);
  });
});
