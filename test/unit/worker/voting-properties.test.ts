import { expect } from "chai";
import fc from "fast-check";

import { jointHashOf, leafOf, sealOf } from "../../../protocol/ballot.ts";
import { BALLOT_OPEN_SECONDS, SETTLE_WINDOW_SECONDS } from "../../../protocol/constants.ts";
import { digestOf } from "../../../protocol/digest.ts";
import type { Lease } from "../../../protocol/lease.ts";
import type { Hash } from "../../../protocol/primitives.ts";
import type { BallotRecord } from "../../../worker/journal/journal.ts";
import { aDeal, aLease, FakeChain, memoryJournal, POOL, WORKER } from "./fakes.ts";
import { aVoting, ballotWanted } from "./voting.ts";
import type { Voting } from "./voting.ts";

const LANES = 2;
const leases: readonly Lease[] = [0, 1, 2, 3, 4, 5].map((index) =>
  aLease({ index: index >> 1, deal: aDeal({ lane: index % LANES, category: 4, workerStake: BigInt(3 + index) }) }),
);
const tasks = leases.map(({ taskId }) => taskId);

const RUNS = 50;
const TEXTS = ["a", "b"] as const;
const lane = fc.nat(LANES - 1);
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("answer"), task: fc.nat(5), text: fc.constantFrom(...TEXTS) }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("ballot"), lane, ahead: fc.constantFrom(1, 1, 1, 2) }) },
  fc.record({ kind: fc.constant("seal"), lane, withUs: fc.boolean() }),
  fc.record({ kind: fc.constant("settle"), lane }),
  fc.record({ kind: fc.constant("time"), seconds: fc.constantFrom(1, 30, BALLOT_OPEN_SECONDS, SETTLE_WINDOW_SECONDS) }),
  fc.record({ kind: fc.constant("bond"), bonded: fc.bigInt({ min: 0n, max: 40n }) }),
  fc.record({ kind: fc.constant("restart") }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Everything that left the machine signed, and what the chain made of it, kept apart from the worker's own books. */
class World {
  readonly chain = new FakeChain();
  voting: Voting = aVoting({ journal: memoryJournal(), chain: this.chain });
  readonly given: BallotRecord[] = [];
  /** Secrets of the ballots that were sealed. */
  readonly included = new Set<Hash>();
  readonly digests = new Map<Hash, Set<Hash>>();

  async take(step: Step): Promise<void> {
    if (step.kind === "answer") await this.#answer(leases[step.task]!, step.text);
    if (step.kind === "ballot") await this.#ballot(step.lane, step.ahead);
    if (step.kind === "seal") await this.#seal(step.lane, step.withUs);
    if (step.kind === "settle" && this.#epoch(step.lane) > 0) this.chain.settle(step.lane);
    if (step.kind === "time") this.chain.now += step.seconds;
    if (step.kind === "bond") this.chain.bond = { ...this.chain.bond, bonded: step.bonded };
    if (step.kind === "restart") this.voting = this.voting.restart();
    await this.voting.ballots.review();
  }

  /** Wei that every ballot ever given away could still cost, by the rules of the contract alone. */
  atRisk(): bigint {
    const live = this.given.filter((ballot) => {
      const lane = this.chain.epochs.get(`${POOL}-${ballot.lane}`);
      if (!lane || lane.epoch < ballot.epoch) return this.chain.now <= ballot.sealBy;
      if (lane.epoch > ballot.epoch || lane.settled || !this.included.has(ballot.secret)) return false;
      return this.chain.now <= lane.sealedAt + SETTLE_WINDOW_SECONDS;
    });
    return live.flatMap(({ votes }) => votes).reduce((sum, { stake }) => sum + stake, 0n);
  }

  async #answer(lease: Lease, text: string): Promise<void> {
    await this.voting.vote({ ...lease, leaseId: aLease().leaseId }, text).catch(() => {});
  }

  async #ballot(lane: number, ahead: number): Promise<void> {
    const wanted = ballotWanted(this.#epoch(lane) + ahead, tasks, lane);
    const ballot = await this.voting.ballots.ballotFor(wanted).catch(() => undefined);
    if (!ballot || this.given.some(({ secret }) => secret === ballot.secret)) return;
    expect(this.atRisk() + stakeOf(ballot), "stake above the cover").to.be.at.most(this.chain.bond.bonded);
    const twin = this.given.findLast(({ epoch, ...other }) => epoch === ballot.epoch && other.lane === lane);
    if (twin) expect(this.chain.now, "a second ballot while the first could be sealed").to.be.above(twin.sealBy);
    this.given.push(ballot);
    for (const { taskId, seal } of ballot.votes) this.#note(taskId, digestIn(seal, taskId, ballot.secret));
  }

  #note(taskId: Hash, digest: Hash): void {
    this.digests.set(taskId, (this.digests.get(taskId) ?? new Set()).add(digest));
  }

  async #seal(lane: number, withUs: boolean): Promise<void> {
    if (!this.#maySeal(lane)) return;
    const epoch = this.#epoch(lane) + 1;
    const ours = this.given.findLast((ballot) => ballot.lane === lane && ballot.epoch === epoch);
    const included = withUs && ours !== undefined && this.chain.now <= ours.sealBy ? [ours] : [];
    for (const { secret } of included) this.included.add(secret);
    const leaves = included.map(({ votesHash }) => leafOf(WORKER, votesHash));
    this.chain.seal(epoch, jointHashOf(leaves), lane);
    await this.voting.opener.sealed({ type: "sealed", pool: POOL, lane, epoch, leaves });
    this.#hear(included.length);
  }

  /** The contract's rule: the last epoch must be settled or abandoned. */
  #maySeal(lane: number): boolean {
    const last = this.chain.epochs.get(`${POOL}-${lane}`);
    return !last || last.settled || this.chain.now > last.sealedAt + SETTLE_WINDOW_SECONDS;
  }

  #hear(expected: number): void {
    const opened = this.voting.sent.splice(0).filter((message) => message.type === "open");
    expect(opened.length, "opened what is not sealed, or left it closed").to.equal(expected);
    for (const { taskId, digest } of opened.flatMap(({ digests }) => digests)) this.#note(taskId, digest);
  }

  #epoch(lane: number): number {
    return this.chain.epochs.get(`${POOL}-${lane}`)?.epoch ?? 0;
  }
}

/** What a seal says to whoever has the secret. */
function digestIn(seal: Hash, taskId: Hash, secret: Hash): Hash {
  return TEXTS.map(digestOf).find((digest) => sealOf(WORKER, taskId, digest, secret) === seal)!;
}

const stakeOf = ({ votes }: BallotRecord): bigint => votes.reduce((sum, { stake }) => sum + stake, 0n);

describe("voting, over any sequence of leases, ballots, seals, time and restarts", function () {
  it("signs one digest a task, one live ballot an epoch, and never more stake than its cover", async function () {
    let ballots = 0;
    const anyLife = fc.asyncProperty(fc.array(step, { minLength: 15, maxLength: 40 }), async (steps) => {
      const world = new World();
      world.chain.bond = { ...world.chain.bond, bonded: 20n };
      for (const each of steps) await world.take(each);
      ballots += world.given.length;
      for (const signed of world.digests.values()) expect(signed.size, "two digests for one task").to.equal(1);
    });

    await fc.assert(anyLife, { numRuns: RUNS });

    expect(ballots, "the property looked at too little").to.be.above(RUNS);
  });
});
