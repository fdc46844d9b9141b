import { expect } from "chai";
import fc from "fast-check";

import { sealOf } from "../../../protocol/ballot.ts";
import { dealIdOf, taskIdOf } from "../../../protocol/deal.ts";
import type { Deal } from "../../../protocol/deal.ts";
import { failDigest } from "../../../protocol/digest.ts";
import { ZERO_HASH } from "../../../protocol/primitives.ts";
import type { Address, Hash, Hex } from "../../../protocol/primitives.ts";
import { byTask, byWorker, encodeSettlement } from "../../../protocol/settlement.ts";
import { planEpoch } from "../../../scheduler/domain/epochs/epoch-plan.ts";
import type { EpochRecord, SignedBallot } from "../../../scheduler/domain/epochs/epoch-state.ts";
import {
  agreedDigest,
  agreeingWorkers,
  needsUpload,
  planSettle,
} from "../../../scheduler/domain/epochs/settle-plan.ts";
import type { Openings } from "../../../scheduler/domain/epochs/settle-plan.ts";
import type { TaskRecord } from "../../../scheduler/domain/tasks/task-state.ts";
import { decodeSettlement } from "../../support/scheduler-stream.ts";
import { addressOf, aDeal, aTask, aVote, DIGEST, OTHER_DIGEST } from "../../support/scheduler-records.ts";

const DIGESTS = [DIGEST, OTHER_DIGEST, failDigest("disk")] as const;
const secretOf = (worker: Address): Hash => `0x${worker.slice(2).padStart(64, "a")}`;

/** How each worker voted on a task: which digest, and whether it opened it. */
type Ballots = Readonly<Record<number, { readonly of: Hash; readonly opened: boolean }>>;
type Case = { readonly deal: Deal; readonly index: number; readonly ballots: Ballots };

/** The epoch, the openings and the tasks that such votes make. */
function epochOf(cases: readonly Case[]): { epoch: EpochRecord; openings: Openings; tasks: readonly TaskRecord[] } {
  const tasks = cases
    .map(({ deal, index, ballots }) =>
      aTask(
        { state: "sealed" },
        {
          deal,
          index,
          votes: (id) =>
            Object.entries(ballots).map(([worker, { of }]) => aVote(id, addressOf(+worker), "balloted", { of })),
        },
      ),
    )
    .sort(byTask);
  const caseOf = new Map(cases.map((one) => [aTask({}, one).taskId, one.ballots]));
  const workers = [...new Set(cases.flatMap(({ ballots }) => Object.keys(ballots)))].map(Number);
  const signed = workers.map((index): SignedBallot => {
    const worker = addressOf(index);
    const votes = tasks.flatMap(({ taskId }) => {
      const own = caseOf.get(taskId)![index];
      return own ? [{ taskId, seal: sealOf(worker, taskId, own.of, secretOf(worker)) }] : [];
    });
    return { worker, sealBy: 1_000 + index, votes, signature: `0x${"1a".repeat(32)}${"2b".repeat(32)}` };
  });
  const openings = workers.map((index) => {
    const digests = tasks.flatMap(({ taskId }) => {
      const own = caseOf.get(taskId)![index];
      return own?.opened ? [[taskId, own.of] as const] : [];
    });
    return [addressOf(index), { secret: secretOf(addressOf(index)), digests: Object.fromEntries(digests) }] as const;
  });
  const epoch = { ...planEpoch(0, 1, tasks, 0), ballots: signed.sort(byWorker) };
  return { epoch, openings: Object.fromEntries(openings), tasks };
}

const planOf = (
  cases: readonly Case[],
  undelivered: readonly Hash[] = [],
  preimages: ReadonlyMap<Hash, Hex> = new Map(),
) => {
  const { epoch, openings } = epochOf(cases);
  const facts = { undelivered: new Set(undelivered), preimages, kept: new Map() };
  const deals = new Map(cases.map(({ deal }) => [dealIdOf(deal), deal]));
  return planSettle(epoch, openings, { ...facts, deals });
};

const deal = aDeal({ volume: 100 });
const open = (of: Hash) => ({ of, opened: true });
const silent = (of: Hash) => ({ of, opened: false });

describe("a settle", function () {
  it("opens the votes of those that opened, and keeps the others sealed", function () {
    const { taskId } = aTask({}, { deal });

    const { tasks, ballots } = planOf([{ deal, index: 0, ballots: { 1: open(DIGEST), 2: silent(DIGEST) } }]);

    expect(tasks[0]!.votes).to.deep.equal([
      { worker: addressOf(1), digest: DIGEST },
      { worker: addressOf(2), seal: sealOf(addressOf(2), taskId, DIGEST, secretOf(addressOf(2))) },
    ]);
    expect(ballots.map(({ r, vs }) => [r, vs])[0]).to.deep.equal([`0x${"1a".repeat(32)}`, `0x${"2b".repeat(32)}`]);
  });

  it("shows no secret of a worker that opened nothing", function () {
    const { epoch } = epochOf([{ deal, index: 0, ballots: { 1: open(DIGEST) } }]);

    const { ballots } = planSettle(
      epoch,
      {},
      {
        ...{ deals: new Map([[dealIdOf(deal), deal]]), undelivered: new Set<Hash>() },
        ...{ preimages: new Map<Hash, Hex>(), kept: new Map() },
      },
    );

    expect(ballots[0]!.secret).to.equal(ZERO_HASH);
  });

  it("brings every new vote sealed for an output that nobody could deliver, and the others open", function () {
    const undelivered = aTask({}, { deal, index: 1 }).taskId;
    const cases = [0, 1].map((index) => ({ deal, index, ballots: { 1: open(DIGEST), 2: open(DIGEST) } }));

    const { tasks } = planOf(cases, [undelivered]);

    expect(tasks.map(({ votes }) => votes.map((vote) => "digest" in vote))).to.deep.equal([
      [true, true],
      [false, false],
    ]);
  });

  it("names no task that no ballot holds, and no deal without a task", function () {
    const other = aDeal({ volume: 5, openedAt: 1 });
    const cases = [
      { deal, index: 0, ballots: { 1: open(DIGEST) } },
      { deal: other, index: 0, ballots: {} },
    ];

    const { tasks, deals } = planOf(cases);

    expect(tasks.map(({ dealId }) => dealId)).to.deep.equal([dealIdOf(deal)]);
    expect(deals.map(({ dealId }) => dealId)).to.deep.equal([dealIdOf(deal)]);
  });

  it("brings for each task that a contract waits for its preimage or nothing, in task order", function () {
    const asked = [1, 2].map((openedAt) => aDeal({ volume: 9, openedAt, callback: addressOf(7) }));
    const places = [[asked[1]!, 3], [deal, 0], [asked[0]!, 5], [asked[1]!, 1]] as const; // prettier-ignore
    const cases = places.map(([of, index]) => ({ deal: of, index, ballots: { 1: open(DIGEST) } }));
    const preimages = new Map(cases.slice(0, 3).map((one, at) => [aTask({}, one).taskId, `0x0${at}` as Hex]));

    const { tasks, callbacks } = planOf(cases, [], preimages);

    const waiting = tasks.filter(({ dealId }) => dealId !== dealIdOf(deal));
    expect(callbacks).to.have.lengthOf(3);
    expect(callbacks).to.deep.equal(waiting.map(({ dealId, index }) => preimages.get(taskIdOf(dealId, index)) ?? "0x"));
  });

  it("is in the order that the contract wants, and reads back from its stream as it was planned", function () {
    const aBallot = fc.record({ of: fc.constantFrom(...DIGESTS), opened: fc.boolean() });
    const aCase = fc.record({
      deal: fc.integer({ min: 0, max: 3 }).map((at) => aDeal({ volume: 100, openedAt: at })),
      index: fc.integer({ min: 0, max: 99 }),
      ballots: fc.dictionary(fc.integer({ min: 1, max: 9 }).map(String), aBallot, { minKeys: 1, maxKeys: 6 }),
    });
    const cases = fc.uniqueArray(aCase, {
      minLength: 1,
      maxLength: 8,
      selector: ({ deal: of, index }) => `${of.openedAt} ${index}`,
    });
    fc.assert(
      fc.property(cases, (some) => {
        const { tasks, deals, ballots } = planOf(some);
        const [dealIds, workers] = [deals.map(({ dealId }) => dealId), ballots.map(({ worker }) => worker)];

        expect(tasks).to.deep.equal([...tasks].sort(byTask));
        expect(workers).to.deep.equal([...workers].sort());
        expect(dealIds.map(BigInt)).to.deep.equal([...dealIds.map(BigInt)].sort((a, b) => (a < b ? -1 : 1)));
        expect(decodeSettlement(encodeSettlement(tasks, dealIds, workers), dealIds, workers)).to.deep.equal(tasks);
      }),
    );
  });
});

describe("what the opened votes agree on", function () {
  const of = (ballots: Ballots, trust = 3) => {
    const { epoch, openings, tasks } = epochOf([{ deal: aDeal({ volume: 100, trust }), index: 0, ballots }]);
    return { epoch, openings, task: tasks[0]! };
  };

  it("is the digest that the chain would accept, and none while too few have opened", function () {
    const all = of({ 1: open(DIGEST), 2: open(DIGEST) });
    const half = of({ 1: open(DIGEST), 2: silent(DIGEST) });

    expect(agreedDigest(all.task, all.openings)).to.equal(DIGEST);
    expect(agreedDigest(half.task, half.openings)).to.equal(undefined);
  });

  it("is delivered by those that opened it, in the order of their addresses", function () {
    const { openings, task } = of({
      3: open(DIGEST),
      1: open(DIGEST),
      2: open(OTHER_DIGEST),
      4: silent(DIGEST),
    });

    expect(agreeingWorkers(task, DIGEST, openings)).to.deep.equal([addressOf(1), addressOf(3)]);
  });

  it("has an output unless it is a failure", function () {
    const failed: Hex = failDigest("time");

    expect(needsUpload(DIGEST)).to.equal(true);
    expect(needsUpload(failed)).to.equal(false);
  });
});
