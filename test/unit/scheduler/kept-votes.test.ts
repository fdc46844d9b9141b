import { expect } from "chai";

import { sealOf } from "../../../protocol/ballot.ts";
import { SETTLE_WINDOW_SECONDS } from "../../../protocol/constants.ts";
import { dealIdOf } from "../../../protocol/deal.ts";
import { failDigest } from "../../../protocol/digest.ts";
import { KEPT_OPEN_SECONDS } from "../../../protocol/kept-votes.ts";
import { ZERO_HASH } from "../../../protocol/primitives.ts";
import type { Address, Hash } from "../../../protocol/primitives.ts";
import type { KeptVote } from "../../../protocol/settlement.ts";
import { planEpoch, tasksToSeal } from "../../../scheduler/domain/epochs/epoch-plan.ts";
import { carriedVotes, decidedByKept, heldUntil, withKeptVotes } from "../../../scheduler/domain/votes/kept-votes.ts";
import { silentVotes, withOpenedVote } from "../../../scheduler/domain/votes/kept-votes.ts";
import { isSafeToOpen, planSettle } from "../../../scheduler/domain/epochs/settle-plan.ts";
import { canBeOpened } from "../../../scheduler/epochs/can-be-opened.ts";
import { readPoolChain } from "../../../scheduler/chain/pool-chain.ts";
import type { ChainReader } from "../../../chain/reader.ts";
import type { TaskRecord } from "../../../scheduler/domain/tasks/task-state.ts";
import type { VoteState } from "../../../scheduler/domain/votes/vote-state.ts";
import { agreedTag, leasesWanted } from "../../../scheduler/domain/votes/votes-needed.ts";
import { testConfig } from "../../support/scheduler-config.ts";
import { addressOf, aDeal, aTask, aVote, DIGEST, GENESIS, OTHER_DIGEST } from "../../support/scheduler-records.ts";

const POLICY = testConfig().epochs;
const KEPT_AT = GENESIS + 100;
const deal = aDeal();
const { taskId } = aTask({}, { deal });
const [first, second, third] = [1, 2, 3].map(addressOf) as [Address, Address, Address];
const secretOf = (worker: Address): Hash => `0x${worker.slice(2).padStart(64, "5")}`;
const open = (worker: Address, digest: Hash = DIGEST): KeptVote => ({ worker, isSealed: false, word: digest });
const sealed = (worker: Address, digest: Hash = DIGEST): KeptVote => ({
  ...{ worker, isSealed: true },
  word: sealOf(worker, taskId, digest, secretOf(worker)),
});
const openingOf = (worker: Address, digest: Hash = DIGEST) => ({ worker, digest, secret: secretOf(worker) });

/** A task whose settle has kept these of its balloted votes. */
function kept(votes: readonly KeptVote[], before: readonly (readonly [Address, VoteState])[] = []): TaskRecord {
  const own = before.length > 0 ? before : votes.map(({ worker }) => [worker, "balloted"] as const);
  const task = aTask(
    { state: "sealed" },
    { deal, votes: (id) => own.map(([worker, state]) => aVote(id, worker, state)) },
  );
  const stranger = (worker: Address) => aVote(taskId, worker, "lost");
  const strangers = new Map(votes.map(({ worker }) => [worker, stranger(worker)]));
  return withKeptVotes(task, { at: KEPT_AT, votes }, strangers, KEPT_AT);
}
const statesOf = ({ votes }: TaskRecord) => votes.map(({ worker, state, code }) => [worker, state, code]);

describe("votes that the chain keeps", function () {
  it("are those of its list alone: one that was kept and is no more had lost its cover", function () {
    const task = kept([open(first), sealed(second)]);

    const later = withKeptVotes(task, { at: KEPT_AT + 9, votes: [sealed(second)] }, new Map(), KEPT_AT + 9);

    expect(statesOf(task)).to.deep.equal([[first, "kept", undefined], [second, "kept", "GM_NOT_OPENED"]]); // prettier-ignore
    expect(statesOf(later)).to.deep.equal([[first, "lost", "GM_STAKE_UNCOVERED"], [second, "kept", "GM_NOT_OPENED"]]); // prettier-ignore
    expect(later.kept?.at).to.equal(KEPT_AT + 9);
    expect(withKeptVotes(later, { at: 0, votes: [] }, new Map(), KEPT_AT)).to.not.have.property("kept");
  });

  it("are known from the list where the pool has lost its own record of them", function () {
    const task = kept([open(first, OTHER_DIGEST)], [[second, "running"]]);

    expect(task.votes.map(({ worker, state, digest }) => [worker, state, digest])).to.deep.equal([
      [second, "running", undefined],
      [first, "kept", OTHER_DIGEST],
    ]);
  });

  it("that are sealed count for nothing until somebody opens them with what fits the seal", function () {
    const task = kept([open(first), sealed(second)]);
    const opened = withOpenedVote(task, openingOf(second));

    expect([agreedTag(task), silentVotes(task).length]).to.deep.equal([undefined, 1]);
    expect(withOpenedVote(task, openingOf(second, OTHER_DIGEST))).to.equal(undefined);
    expect(withOpenedVote(task, openingOf(first))).to.equal(undefined);
    expect([decidedByKept(opened!), silentVotes(opened!)]).to.deep.equal([DIGEST, []]);
    expect(withOpenedVote(opened!, openingOf(second))).to.equal(undefined);
  });

  it("are brought in the chain's order, opened as far as the pool can", function () {
    const task = kept([sealed(third), open(first), sealed(second)]);

    const carried = carriedVotes(withOpenedVote(task, openingOf(third))!);

    const { digest, secret } = openingOf(third);
    expect(carried).to.deep.equal([{ ...sealed(third), opening: { digest, secret } }, open(first), sealed(second)]);
  });

  it("leave room for fewer new ones, and none of their workers is wanted again", function () {
    const votes = Array.from({ length: 31 }, (_unused, index) => sealed(addressOf(index + 10)));

    expect(leasesWanted(kept(votes), [2n, 2n, 2n])).to.equal(1);
  });
});

describe("a task with kept votes", function () {
  const agreed = (task: TaskRecord): TaskRecord => ({
    ...task,
    state: "agreed",
    history: [],
    digest: DIGEST,
    result: "r",
  });
  const isReady = (task: TaskRecord, now: number): boolean =>
    tasksToSeal({ agreed: [agreed(task)], underway: 0, now }, POLICY).length > 0;

  it("is not named while one may still be opened, up to the last second of that", function () {
    const task = kept([open(first), open(second), sealed(third)]);
    const end = KEPT_AT + KEPT_OPEN_SECONDS;

    expect(heldUntil(task)).to.equal(end);
    expect([isReady(task, end), isReady(task, end + 1)]).to.deep.equal([false, true]);
    expect(isReady(withOpenedVote(task, openingOf(third))!, KEPT_AT + 1)).to.equal(true);
  });

  it("that decide it asks nobody for more, and may be sealed until its deal can be claimed", function () {
    const task = kept([open(first), open(second)]);
    const more = { ...task, votes: [...task.votes, aVote(taskId, third, "computed")] };
    const end = deal.openedAt + 3_000 + SETTLE_WINDOW_SECONDS - POLICY.sealMarginSeconds;

    const { asked, tasks } = planEpoch(0, 1, [more], GENESIS);

    expect([asked, tasks.map(({ byKept }) => byKept)]).to.deep.equal([{}, [true]]);
    expect([isReady(task, end), isReady(task, end + 1)]).to.deep.equal([true, false]);
  });

  it("that do not decide it asks the others, and ends with its deadline", function () {
    const task = kept([open(first)]);
    const more = { ...task, votes: [...task.votes, aVote(taskId, third, "computed")] };
    const end = deal.openedAt + 3_000 - POLICY.sealMarginSeconds;

    const { asked, tasks } = planEpoch(0, 1, [more], GENESIS);

    expect([asked, tasks.map(({ byKept }) => byKept)]).to.deep.equal([{ [third]: [taskId] }, [undefined]]);
    expect([isReady(more, end), isReady(more, end + 1)]).to.deep.equal([true, false]);
  });
});

describe("a settle of a task with kept votes", function () {
  const task = withOpenedVote(kept([sealed(second), open(first)]), openingOf(second))!;
  const deals = new Map([[dealIdOf(deal), deal]]);
  const facts = { deals, preimages: new Map(), kept: new Map([[taskId, carriedVotes(task)]]) };
  const byKept = planEpoch(0, 1, [task], GENESIS);

  it("brings them with an empty ballot for each worker that has no other vote", function () {
    const plan = planSettle(byKept, {}, { ...facts, undelivered: new Set() });

    const empty = { sealBy: 0, secret: ZERO_HASH, r: ZERO_HASH, vs: ZERO_HASH };
    expect(plan.ballots).to.deep.equal([first, second].map((worker) => ({ worker, ...empty })));
    expect(plan.tasks).to.deep.equal([{ dealId: dealIdOf(deal), index: 0, kept: carriedVotes(task), votes: [] }]);
  });

  it("is left out where they alone would pay for an output that nobody has delivered", function () {
    const plan = planSettle(byKept, {}, { ...facts, undelivered: new Set([taskId]) });

    expect([plan.tasks, plan.ballots, plan.deals]).to.deep.equal([[], [], []]);
  });

  it("opens them even where the output is missing and a ballot names the task: only the new votes stay sealed", function () {
    const seal = sealOf(third, taskId, DIGEST, secretOf(third));
    const ballot = { worker: third, sealBy: 9, votes: [{ taskId, seal }], signature: `0x${"11".repeat(64)}` } as const;
    const openings = { [third]: { secret: secretOf(third), digests: { [taskId]: DIGEST } } };

    const plan = planSettle({ ...byKept, ballots: [ballot] }, openings, { ...facts, undelivered: new Set([taskId]) });

    expect(plan.tasks[0]!.votes).to.deep.equal([{ worker: third, seal }]);
    expect(plan.tasks[0]!.kept).to.deep.equal(carriedVotes(task));
    expect(plan.ballots.map(({ worker }) => worker)).to.deep.equal([first, second, third]);
  });
});

describe("whether a task can be brought open", function () {
  const scores = (...values: number[]) => new Map(values.map((score, index) => [addressOf(index + 1), score]));

  it("it can when its voters disagree, whatever is delivered", function () {
    expect(isSafeToOpen(kept([open(first), open(second, OTHER_DIGEST)]), {}, scores(0, 0))).to.equal(true);
  });

  it("it cannot when the chain might accept what nobody has delivered, be it by a score that rises until then", function () {
    const together = kept([open(first), open(second)]);
    const apart = kept([open(first), open(second, OTHER_DIGEST)]);

    expect(isSafeToOpen(together, {}, scores(0, 0))).to.equal(false);
    expect(isSafeToOpen({ ...together, digest: DIGEST, result: "r" }, {}, scores(0, 0))).to.equal(true);
    expect(isSafeToOpen({ ...together, digest: OTHER_DIGEST, result: "r" }, {}, scores(0, 0))).to.equal(false);
    expect(isSafeToOpen(apart, {}, scores(17, 0))).to.equal(false);
    expect(isSafeToOpen(apart, {}, scores(5, 0))).to.equal(true);
  });

  it("is judged by the scores of now, not by those that the pool remembers", async function () {
    const apart = kept([open(first), open(second, OTHER_DIGEST)]);
    let score = 0;
    const cover = { bonded: 0n, unbonding: 0n, readyAt: 0 };
    const reader = { now: async () => 1, workerOf: async (worker: Address) => ({ ...cover, score: worker === first ? score : 0 }) }; // prettier-ignore
    const chain = await readPoolChain(reader as unknown as ChainReader, 1n, () => undefined);
    const before = await Promise.all([chain.standing(first), canBeOpened(chain, apart, {}, new Map())]);

    score = 50;
    const after = await Promise.all([chain.standing(first), canBeOpened(chain, apart, {}, new Map())]);

    chain.stop();
    expect([before, after].map(([standing, can]) => [standing.score, can])).to.deep.equal([[0, true], [0, false]]); // prettier-ignore
  });

  it("a failure can: there is nothing to deliver", function () {
    expect(isSafeToOpen(kept([open(first, failDigest("disk")), open(second, failDigest("disk"))]), {}, scores(0, 0))).to.equal(true); // prettier-ignore
  });
});
