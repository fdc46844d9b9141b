import { expect } from "chai";
import fc from "fast-check";

import { consensusOf, isAccepted } from "../../../protocol/consensus.ts";
import { failDigest } from "../../../protocol/digest.ts";
import type { Hash } from "../../../protocol/primitives.ts";
import {
  machineDependentTags,
  needsSecondMachine,
  ownFailures,
} from "../../../scheduler/domain/votes/failure-votes.ts";
import {
  agreedTag,
  isDecidedAlone,
  leasesWanted,
  unwatched,
  watched,
} from "../../../scheduler/domain/votes/votes-needed.ts";
import { tagOf } from "../../../protocol/ballot.ts";
import type { Vote, VoteState } from "../../../scheduler/domain/votes/vote-state.ts";
import { addressOf, aDeal, aTask, aVote, DIGEST, OTHER_DIGEST } from "../../support/scheduler-records.ts";

const DIGESTS = [DIGEST, OTHER_DIGEST, failDigest("disk"), failDigest("params")] as const;
const TIME = failDigest("time");
const MEMORY = failDigest("memory");

const taskWith = (trust: number, votes: (taskId: Hash) => readonly Vote[]) =>
  aTask({}, { deal: aDeal({ trust }), votes });

const someVotes = fc.array(fc.record({ of: fc.constantFrom(...DIGESTS), weight: fc.integer({ min: 2, max: 127 }) }), {
  maxLength: 8,
});
const someTrust = fc.integer({ min: 2, max: 100_000 });

describe("votes wanted", function () {
  it("sees consensus in the tags exactly where the chain will see it in the digests", function () {
    fc.assert(
      fc.property(someVotes, someTrust, (answers, trust) => {
        const task = taskWith(trust, (id) =>
          answers.map(({ of, weight }, index) => aVote(id, addressOf(index), "computed", { of, weight: `${weight}` })),
        );
        const onChain = consensusOf(
          answers.map(({ of, weight }) => ({ digest: of, weight: BigInt(weight) })),
          trust,
        );

        expect(agreedTag(task)).to.equal(onChain && tagOf(task.taskId, onChain));
      }),
    );
  });

  it("leases as few as decide the task when all of them agree", function () {
    const weights = fc.array(fc.integer({ min: 2, max: 127 }), { minLength: 1, maxLength: 31 });
    fc.assert(
      fc.property(weights, someTrust, (candidates, trust) => {
        const wanted = leasesWanted(
          taskWith(trust, () => []),
          candidates.map(BigInt),
        );
        const product = (count: number): bigint =>
          candidates.slice(0, count).reduce((all, one) => all * BigInt(one), 1n);
        const decides = (count: number): boolean => count > 0 && isAccepted(product(count), 1n + product(count), trust);

        expect(wanted).to.be.at.least(1);
        if (wanted <= candidates.length) expect(decides(wanted)).to.equal(true);
        else expect(decides(candidates.length)).to.equal(false);
        expect(decides(Math.min(wanted, candidates.length + 1) - 1)).to.equal(false);
      }),
    );
  });

  it("counts on those that are out, and never asks for more than 32 votes in all", function () {
    const out = (count: number, state: VoteState) => (id: Hash) =>
      Array.from({ length: count }, (_unused, index) => aVote(id, addressOf(index), state));
    const split = (count: number) => (id: Hash) =>
      Array.from({ length: count }, (_unused, index) =>
        aVote(id, addressOf(index), "computed", { of: DIGESTS[index % 2]! }),
      );

    expect(leasesWanted(taskWith(3, out(1, "running")), [2n, 2n])).to.equal(1);
    expect(leasesWanted(taskWith(3, out(2, "leased")), [2n, 2n])).to.equal(0);
    expect(leasesWanted(taskWith(1_000_000_000, out(30, "leased")), Array(9).fill(2n))).to.equal(0);
    expect(leasesWanted(taskWith(2 ** 32 - 1, split(31)), Array(9).fill(2n))).to.equal(1);
    expect(leasesWanted(taskWith(2 ** 32 - 1, split(32)), Array(9).fill(2n))).to.equal(0);
  });

  it("asks for another worker when two newcomers disagree, and for none when it agrees with one", function () {
    const votes = (third: readonly Hash[]) => (id: Hash) =>
      [DIGEST, OTHER_DIGEST, ...third].map((of, index) => aVote(id, addressOf(index), "computed", { of }));

    expect(leasesWanted(taskWith(3, votes([])), [2n, 2n, 2n])).to.equal(2);
    expect(agreedTag(taskWith(3, votes([DIGEST])))).to.equal(undefined);
    expect(agreedTag(taskWith(3, votes([DIGEST, DIGEST])))).to.not.equal(undefined);
  });

  it("is content with one worker of a high score, and with one newcomer where the trust is 2", function () {
    expect(
      leasesWanted(
        taskWith(3, () => []),
        [3n, 2n],
      ),
    ).to.equal(1);
    expect(
      leasesWanted(
        taskWith(3, () => []),
        [2n, 2n],
      ),
    ).to.equal(2);
    expect(
      leasesWanted(
        taskWith(2, () => []),
        [2n, 2n],
      ),
    ).to.equal(1);
  });
});

describe("a watched task", function () {
  const none = taskWith(3, () => []);
  const answered = (count: number) =>
    taskWith(3, (id) =>
      Array.from({ length: count }, (_unused, index) => aVote(id, addressOf(index), "computed", { weight: "16" })),
    );

  it("wants a second worker and waits for its answer, whatever the first one weighs", function () {
    expect(leasesWanted(watched(none), [16n, 16n])).to.equal(2);
    expect(leasesWanted(watched(answered(1)), [16n])).to.equal(1);
    expect(agreedTag(watched(answered(1)))).to.equal(undefined);
    expect(leasesWanted(watched(answered(2)), [16n])).to.equal(0);
    expect(agreedTag(watched(answered(2)))).to.not.equal(undefined);
  });

  it("is decided by one answer again once nobody watches it", function () {
    expect(agreedTag(unwatched(watched(answered(1))))).to.not.equal(undefined);
  });

  it("is one that a single worker would decide, and whose requester asked for more than one newcomer", function () {
    expect(isDecidedAlone(none, [3n, 2n])).to.equal(true);
    expect(isDecidedAlone(none, [2n, 2n])).to.equal(false);
    expect(isDecidedAlone(none, [])).to.equal(false);
    expect(isDecidedAlone(answered(1), [16n])).to.equal(false);
    expect(
      isDecidedAlone(
        taskWith(2, () => []),
        [2n],
      ),
    ).to.equal(false);
  });
});

describe("failures that depend on the machine", function () {
  const failing = (...answers: readonly (Partial<Vote> & { of: Hash })[]) =>
    taskWith(3, (id) => answers.map((answer, index) => aVote(id, addressOf(index), "computed", answer)));
  const spare = (benchmark: number, memoryMiB = 1_024) => ({ spare: { benchmark, memoryMiB } });

  it("are time and memory, and no other", function () {
    const { taskId } = aTask();

    expect([...machineDependentTags(taskId)]).to.have.members([TIME, MEMORY].map((digest) => tagOf(taskId, digest)));
  });

  it("are not believed of one machine, however high its score", function () {
    const task = failing({ of: TIME, weight: "127" });

    expect(needsSecondMachine(task)).to.equal(true);
    expect(agreedTag(task)).to.equal(undefined);
    expect(leasesWanted(task, [2n])).to.equal(1);
  });

  it("are believed when the second machine has no less to spare, as far as a benchmark can tell, and else not", function () {
    const first = { of: TIME, ...spare(1_000) };

    expect(agreedTag(failing(first, { of: TIME, ...spare(800) }))).to.not.equal(undefined);
    expect(agreedTag(failing(first, { of: TIME, ...spare(799) }))).to.equal(undefined);
    expect(agreedTag(failing(first, { of: TIME, ...spare(5_000, 1_023) }))).to.equal(undefined);
  });

  it("are not believed when they differ", function () {
    expect(needsSecondMachine(failing({ of: TIME }, { of: MEMORY }))).to.equal(true);
    expect(agreedTag(failing({ of: TIME, weight: "100" }, { of: MEMORY }))).to.equal(undefined);
  });

  it("are their worker's own beside a real result, and count for nothing", function () {
    const task = failing({ of: TIME, weight: "127" }, { of: TIME, weight: "127" }, { of: DIGEST, weight: "3" });

    expect(ownFailures(task).map(({ worker }) => worker)).to.deep.equal([addressOf(0), addressOf(1)]);
    expect(agreedTag(task)).to.equal(tagOf(task.taskId, DIGEST));
    expect(ownFailures(failing({ of: TIME }, { of: TIME }))).to.deep.equal([]);
  });
});
