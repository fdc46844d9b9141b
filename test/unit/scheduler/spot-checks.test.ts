import { expect } from "chai";

import type { Hash } from "../../../protocol/primitives.ts";
import { afterVotes } from "../../../scheduler/domain/votes/after-votes.ts";
import { place } from "../../../scheduler/domain/placement/placement.ts";
import type { Candidate } from "../../../scheduler/domain/placement/placement.ts";
import { isChecking, isCheckOver, withSpotCheck } from "../../../scheduler/domain/placement/spot-checks.ts";
import type { TaskRecord } from "../../../scheduler/domain/tasks/task-state.ts";
import { agreedTag, unwatched } from "../../../scheduler/domain/votes/votes-needed.ts";
import { aCandidate, addressOf, aDeal, aTask, aVote, GENESIS, OTHER_DIGEST } from "../../support/scheduler-records.ts";

const votes = (taskId: Hash) => [1, 2].map((worker) => aVote(taskId, addressOf(worker), "computed", MACHINES[worker]));
const MACHINES = [1, 2, 3, 4].map((index) => ({ machine: aCandidate(index - 1).machine }));
const agreed = aTask({ state: "running" }, { votes });
const surer = (task: TaskRecord) => task.votes.map((vote) => ({ ...vote, weight: "16" }));
const differing = aVote(agreed.taskId, addressOf(4), "computed", { of: OTHER_DIGEST });
const [one, two] = [aCandidate(1), aCandidate(2)];
const newcomer = aCandidate(3, { grade: "probation" });
const demand = { requirements: aDeal().requirements, platform: "linux/amd64", sameMachineVotes: false, now: GENESIS };

describe("a spot check", function () {
  it("is one more vote that the task waits for, as any other does that has too few", function () {
    const checked = withSpotCheck(agreed, [one, two, newcomer], GENESIS);

    expect(checked).to.deep.equal({ ...agreed, spotCheck: true, atLeast: 3 });
    expect([agreedTag(checked), isChecking(checked)]).to.deep.equal([undefined, true]);
    const waiting = afterVotes(checked, GENESIS);
    expect([waiting.state, waiting.history.at(-1)!.note]).to.deep.equal(["planned", "wants more votes"]);
  });

  const others: readonly (readonly [string, TaskRecord, readonly Candidate[], number?])[] = [
    ["one of whose voters is not trusted", agreed, [one, { ...two, grade: "probation" }, newcomer]],
    ["one of whose voters is gone", agreed, [one, newcomer]],
    ["that nobody on probation could check", agreed, [one, two, aCandidate(3)]],
    ["whose only checker takes no leases", agreed, [one, two, { ...newcomer, accepting: false }]],
    ["whose only checker is on a machine that has voted", agreed, [one, two, { ...newcomer, machine: one.machine }]],
    ["whose only checker has an owner who has voted", agreed, [one, two, { ...newcomer, owner: one.worker }]],
    ["that is not decided", { ...agreed, votes: agreed.votes.slice(1) }, [one, two, newcomer]],
    ["that was chosen before", unwatched(withSpotCheck(agreed, [one, two, newcomer], GENESIS)), [one, two, newcomer]],
    ["whose deadline is near", agreed, [one, two, newcomer], agreed.terms.deadline],
    [
      "whose voters disagreed",
      { ...agreed, votes: [...surer(agreed), differing] },
      [one, two, aCandidate(4), newcomer],
    ],
  ];
  for (const [what, task, members, now = GENESIS] of others) {
    it(`is none of a task ${what}`, function () {
      expect(withSpotCheck(task, members, now)).to.equal(task);
    });
  }

  it("goes to a worker on probation, however good the others are, and nothing waits for it", function () {
    const checked = withSpotCheck(agreed, [one, two, newcomer], GENESIS);
    const [better, busy] = [aCandidate(4, { weight: 16n }), { ...newcomer, slots: 1, busy: [agreed.terms.limits] }];

    const free = place(checked, demand, [one, two, better, { ...newcomer, reliability: 0.1 }]);
    const taken = place(checked, demand, [one, two, better, busy]);

    expect(free.ranked.map(({ worker }) => worker)).to.deep.equal([newcomer.worker, better.worker]);
    expect([isCheckOver(checked, free), isCheckOver(checked, taken)]).to.deep.equal([false, true]);
    const voted = { ...checked, votes: [...checked.votes, aVote(checked.taskId, newcomer.worker, "running")] };
    expect([isChecking(voted), isCheckOver(voted, taken)]).to.deep.equal([false, false]);
  });
});
