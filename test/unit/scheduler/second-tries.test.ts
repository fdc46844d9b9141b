import { expect } from "chai";

import { bars, isPassing, waitAfter } from "../../../scheduler/domain/votes/second-tries.ts";
import { withMovedVote, withVote } from "../../../scheduler/domain/votes/task-votes.ts";
import { tasksToSeal } from "../../../scheduler/domain/epochs/epoch-plan.ts";
import type { VoteState } from "../../../scheduler/domain/votes/vote-state.ts";
import { addressOf, aTask, aVote, GENESIS } from "../../support/scheduler-records.ts";

const { taskId } = aTask();
const voteIn = (state: VoteState, code?: string, tries = 1) =>
  aVote(taskId, addressOf(1), state, { tries, ...(code === undefined ? {} : { code }) });

describe("second tries", function () {
  it("come at once, then after a minute, then four times as long each time, up to an hour", function () {
    expect([0, 1, 2, 3, 4, 5, 6, 40].map(waitAfter)).to.deep.equal([0, 0, 60, 240, 960, 3_600, 3_600, 3_600]);
  });

  it("are for what may pass, by the pool's own table", function () {
    const passing = [voteIn("lost"), voteIn("refused", "GM_NO_CAPACITY"), voteIn("failed", "GM_DISK_FULL")];
    const final = [voteIn("refused", "GM_IMAGE_NOT_ALLOWED"), voteIn("failed", "GM_INVENTED"), voteIn("refused")];

    expect(passing.map(isPassing)).to.deep.equal([true, true, true]);
    expect(final.map(isPassing)).to.deep.equal([false, false, false]);
    expect(isPassing(voteIn("computed", "GM_NO_CAPACITY"))).to.equal(false);
  });

  it("wait for their time to the second", function () {
    const vote = voteIn("lost", "GM_LEASE_EXPIRED", 2);

    expect(bars(vote, vote.at + 59)).to.equal(true);
    expect(bars(vote, vote.at + 60)).to.equal(false);
    expect(bars(voteIn("refused", "GM_STAKE_LIMIT"), GENESIS + 10 ** 6)).to.equal(true);
  });

  it("take the place of the first, and count on", function () {
    let task = aTask({ votes: [voteIn("lost"), aVote(taskId, addressOf(2), "running")] });

    task = withVote(task, voteIn("leased"));
    const [other, again] = task.votes;

    expect(task.votes).to.have.lengthOf(2);
    expect([other!.worker, again!.worker, again!.tries]).to.deep.equal([addressOf(2), addressOf(1), 2]);
  });

  it("remember when the first began: what they answer may have been computed then", function () {
    const task = aTask({ votes: [{ ...voteIn("lost"), since: 5 }] });

    expect(withVote(task, { ...voteIn("leased"), since: 9 }).votes[0]!.since).to.equal(5);
    expect(withVote(aTask(), { ...voteIn("leased"), since: 9 }).votes[0]!.since).to.equal(9);
  });

  it("leave a task as it is, the very same, where a vote cannot move", function () {
    const vote = voteIn("refused");
    const task = aTask({ votes: [vote] });

    expect(withMovedVote(task, vote.leaseId, "computed", GENESIS)).to.equal(task);
    expect(withMovedVote(task, "no such lease", "computed", GENESIS)).to.equal(task);
  });

  it("of a settle wait as well, but not the first after a silent worker", function () {
    const policy = { maxWaitSeconds: 0, maxTasks: 9, ballotSeconds: 1, openSeconds: 1, sealMarginSeconds: 1 };
    const after = (seals: number, now: number) => {
      const sealed = Array.from({ length: seals }, () => ({ at: GENESIS, status: "sealed", note: "" }) as const);
      const task = aTask({ state: "agreed", history: [...sealed, { at: GENESIS, status: "agreed", note: "" }] });
      return tasksToSeal({ agreed: [task], underway: 0, now }, policy).length;
    };

    expect(after(1, GENESIS + 1)).to.equal(1);
    expect([after(2, GENESIS + 59), after(2, GENESIS + 60)]).to.deep.equal([0, 1]);
    expect([after(3, GENESIS + 239), after(3, GENESIS + 240)]).to.deep.equal([0, 1]);
  });
});
