import { expect } from "chai";

import { withoutDoubted } from "../../../scheduler/domain/votes/doubted-votes.ts";
import { bars } from "../../../scheduler/domain/votes/second-tries.ts";
import { VOTE_STATES } from "../../../scheduler/domain/votes/vote-state.ts";
import { addressOf, aTask, aVote, GENESIS, OTHER_DIGEST } from "../../support/scheduler-records.ts";

const LIAR = addressOf(1);
const CAUGHT = { worker: LIAR, at: GENESIS * 1_000 };
const NOW = GENESIS + 10;

describe("answers of a worker that was caught", function () {
  for (const state of VOTE_STATES) {
    const isOpen = ["leased", "running", "computed"].includes(state);

    it(`${isOpen ? "are taken back" : "stay"} where they are ${state}`, function () {
      const task = aTask(
        { state: "running" },
        { votes: (id) => [aVote(id, LIAR, state), aVote(id, addressOf(2), state)] },
      );

      const after = withoutDoubted(task, CAUGHT, NOW);

      expect(after.votes.map((vote) => vote.state)).to.deep.equal([isOpen ? "lost" : state, state]);
      if (!isOpen) expect(after).to.equal(task);
    });
  }

  it("stay where they were begun after that, to the millisecond", function () {
    const task = aTask({}, { votes: (id) => [aVote(id, LIAR, "computed", { since: CAUGHT.at + 1 })] });

    expect(withoutDoubted(task, CAUGHT, NOW)).to.equal(task);
  });

  it("keep their worker from the task for good", function () {
    const task = aTask({}, { votes: (id) => [aVote(id, LIAR, "computed")] });

    expect(bars(withoutDoubted(task, CAUGHT, NOW).votes[0]!, NOW + 1_000_000)).to.equal(true);
  });

  it("were all that an agreed task wanted, or all that kept others from agreeing", function () {
    const agreed = aTask(
      { state: "agreed" },
      { votes: (id) => [1, 2].map((each) => aVote(id, addressOf(each), "computed")) },
    );
    const others = [2, 3].map(addressOf);
    const torn = aTask(
      {},
      {
        votes: (id) => [
          aVote(id, LIAR, "computed", { of: OTHER_DIGEST }),
          ...others.map((one) => aVote(id, one, "computed")),
        ],
      },
    );

    expect([agreed, torn].map((task) => withoutDoubted(task, CAUGHT, NOW).state)).to.deep.equal(["planned", "agreed"]);
  });
});
