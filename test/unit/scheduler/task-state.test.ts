import { expect } from "chai";

import { IllegalMoveError } from "../../../protocol/errors.ts";
import {
  canMove,
  endTask,
  isLive,
  isTerminal,
  moveTask,
  TASK_STATES,
} from "../../../scheduler/domain/tasks/task-state.ts";
import type { TaskState } from "../../../scheduler/domain/tasks/task-state.ts";
import { canMoveVote, isAnswered, isHeld, isWorking, moveVote } from "../../../scheduler/domain/votes/vote-state.ts";
import type { VoteState } from "../../../scheduler/domain/votes/vote-state.ts";
import { addressOf, aTask, aVote, GENESIS } from "../../support/scheduler-records.ts";

/** The tables, written a second time: a change of one of them is seen here. */
const TASK_MOVES: Readonly<Record<TaskState, readonly TaskState[]>> = {
  open: ["planned", "declined", "expired"],
  planned: ["running", "agreed", "declined", "expired"],
  running: ["agreed", "planned", "declined", "expired"],
  agreed: ["sealed", "planned", "declined", "expired"],
  sealed: ["settled", "agreed", "planned", "expired"],
  settled: [],
  declined: [],
  expired: ["claimed"],
  claimed: [],
};

const VOTE_MOVES: Readonly<Record<VoteState, readonly VoteState[]>> = {
  leased: ["running", "computed", "lost", "refused", "failed", "kept"],
  running: ["computed", "lost", "refused", "failed", "kept"],
  computed: ["balloted", "lost", "refused", "failed", "kept"],
  balloted: ["opened", "computed", "lost", "refused", "failed", "kept"],
  opened: ["agree", "differ", "computed", "lost", "kept"],
  kept: ["agree", "differ", "withheld", "lost"],
  agree: [],
  differ: [],
  withheld: [],
  lost: ["computed", "kept"],
  refused: [],
  failed: [],
};
const VOTE_STATES = Object.keys(VOTE_MOVES) as VoteState[];

describe("task states", function () {
  it("has no state beside those of the table", function () {
    expect(TASK_STATES).to.have.members(Object.keys(TASK_MOVES));
  });

  for (const from of TASK_STATES) {
    for (const to of TASK_STATES) {
      const legal = TASK_MOVES[from].includes(to);
      it(`${legal ? "lets" : "never lets"} a task go from ${from} to ${to}`, function () {
        const task = aTask({ state: from });

        expect(canMove(from, to)).to.equal(legal);
        if (legal) expect(moveTask(task, to, GENESIS + 1, "why").state).to.equal(to);
        else expect(() => moveTask(task, to, GENESIS + 1, "why")).to.throw(IllegalMoveError, `${from} to ${to}`);
      });
    }
  }

  it("calls those terminal that lead nowhere, and those live that can still expire", function () {
    expect(TASK_STATES.filter(isTerminal)).to.have.members(["settled", "declined", "claimed"]);
    expect(TASK_STATES.filter(isLive)).to.have.members(["open", "planned", "running", "agreed", "sealed"]);
  });

  it("notes each move with its time and reason, and forgets the oldest beyond 64", function () {
    let task = aTask({ state: "planned" });
    for (let round = 0; round < 70; round++) {
      task = moveTask(task, round % 2 === 0 ? "running" : "planned", GENESIS + round, `round ${round}`);
    }

    expect(task.history).to.have.lengthOf(64);
    expect(task.history.at(-1)).to.deep.equal({ at: GENESIS + 69, status: "planned", note: "round 69" });
  });

  it("lets the chain end a task from wherever it stands, once", function () {
    const ended = endTask(aTask({ state: "open" }), "settled", GENESIS, "paid");

    expect(ended.state).to.equal("settled");
    expect(endTask(ended, "claimed", GENESIS, "refunded")).to.equal(ended);
    expect(endTask(aTask({ state: "expired" }), "settled", GENESIS, "paid").state).to.equal("settled");
  });
});

describe("vote states", function () {
  for (const from of VOTE_STATES) {
    for (const to of VOTE_STATES) {
      const legal = VOTE_MOVES[from].includes(to);
      it(`${legal ? "lets" : "never lets"} a vote go from ${from} to ${to}`, function () {
        const vote = aVote(aTask().taskId, addressOf(1), from);

        expect(canMoveVote(from, to)).to.equal(legal);
        if (legal) expect(moveVote(vote, to, GENESIS + 5)).to.deep.equal({ ...vote, state: to, at: GENESIS + 5 });
        else expect(() => moveVote(vote, to, GENESIS + 5)).to.throw(IllegalMoveError, `${from} to ${to}`);
      });
    }
  }

  it("knows which hold a slot, which have an answer, and which have a stake at risk", function () {
    const inState = (check: (vote: ReturnType<typeof aVote>) => boolean): VoteState[] =>
      VOTE_STATES.filter((state) => check(aVote(aTask().taskId, addressOf(1), state)));

    expect(inState(isWorking)).to.have.members(["leased", "running"]);
    expect(inState(isAnswered)).to.have.members(["computed", "balloted", "opened", "kept", "agree", "differ"]);
    expect(inState(isHeld)).to.have.members(["leased", "running", "computed", "balloted", "opened", "kept"]);
  });
});
