import { voteWeight } from "../../protocol/consensus.ts";
import { MAX_VOTES_PER_TASK } from "../../protocol/constants.ts";
import type { Candidate } from "../../scheduler/domain/placement/placement.ts";
import { gather, RIGHT } from "./crowd.ts";
import type { Crowd, Scenario } from "./crowd.ts";
import { Conducts } from "./conducts.ts";
import { aCandidate, agreedAnswer, isWorthACheck, leasesFor, placed, workerOf } from "./decision.ts";
import type { Question } from "./decision.ts";
import type { Outcome, Policy } from "./outcome.ts";
import { openRandom, pickOther } from "./random.ts";
import type { Random } from "./random.ts";
import { Standing } from "./standing.ts";

/** What a requester and a pool operator choose. */
export type Choice = {
  readonly trust: number;
  readonly maxWeight: number;
  /** `GRIDMILL_REPLICATE_PERCENT`, as a share. */
  readonly watch: number;
  /** Votes that a worker's bond covers at once. */
  readonly bond: number;
  /** Tasks of one epoch: scores and bonds move when it is settled. */
  readonly epoch: number;
  /** Workers that are free when a task is placed; a busy pool has one at a time. */
  readonly free: number;
  /** Whether the pool grades its workers: probation, quarantine, and spot checks of every tenth task. */
  readonly grades: boolean;
};

export const DEFAULTS: Choice = { trust: 3, maxWeight: 16, watch: 0.1, bond: 8, epoch: 50, free: 1, grades: false };

/** Gridmill's own policy, by the functions that the scheduler runs and `Hub` settles by. */
export function gridmill(choice: Partial<Choice> = {}): Policy {
  return (scenario, seed) => new Pool(scenario, seed, { ...DEFAULTS, ...choice }).run();
}

/** Milliseconds from one task to the next, where the pool grades its workers: three thousand are ten hours. */
const TASK_MS = 12_000;
/** `GRIDMILL_SPOT_CHECK_PERCENT`, as a share. */
const CHECK_RATE = 0.1;

type Ballot = { readonly worker: number; readonly says: number; readonly weight: bigint };

class Pool {
  readonly #scenario: Scenario;
  readonly #choice: Choice;
  readonly #crowd: Crowd;
  readonly #random: Random;
  readonly #standing: Standing;
  readonly #conducts: Conducts | undefined;
  #unsettled: { readonly ballots: readonly Ballot[]; readonly answer: number }[] = [];
  #executions = 0;
  /** The task that was last chosen for a check: each is once at most. */
  #checked = -1;

  constructor(scenario: Scenario, seed: number, choice: Choice) {
    this.#scenario = scenario;
    this.#choice = choice;
    this.#crowd = gather(scenario, seed);
    this.#random = openRandom(seed, 1);
    this.#conducts = choice.grades ? new Conducts(scenario.workers) : undefined;
    this.#standing = new Standing(scenario.workers, choice.bond, scenario.caught === "back");
  }

  run(): Outcome {
    let wrong = 0;
    let undecided = 0;
    for (let task = 0; task < this.#scenario.tasks; task++) {
      this.#conducts?.pass(TASK_MS);
      const answer = this.#runTask(task);
      if (answer === undefined) undecided++;
      else if (answer !== RIGHT) wrong++;
      if (this.#unsettled.length >= this.#choice.epoch) this.#settle();
    }
    return { executions: this.#executions, wrong, tasks: this.#scenario.tasks, undecided };
  }

  /** The answer that is settled; undefined where 32 votes decide nothing, and the requester is refunded. */
  #runTask(task: number): number | undefined {
    const { trust, watch } = this.#choice;
    const ballots: Ballot[] = [];
    let isWatched = false;
    while (ballots.length < MAX_VOTES_PER_TASK) {
      const ranked = this.#free(ballots);
      const free = ranked.map(({ weight }) => weight);
      const question: Question = { trust, votes: ballots, isWatched };
      isWatched ||= leasesFor(question, free).isDecidedAlone && this.#isToBeWatched(ranked[0]!, watch);
      const { wanted } = leasesFor({ ...question, isWatched }, free);
      for (const candidate of ranked.slice(0, wanted)) ballots.push(this.#vote(candidate, task));
      const agreed = agreedAnswer({ ...question, isWatched });
      if (agreed === undefined || this.#isChecked(ballots, task)) continue;
      this.#unsettled.push({ ballots, answer: agreed });
      return agreed;
    }
    this.#standing.release(ballots);
    return undefined;
  }

  /** One on probation always is. */
  #isToBeWatched({ grade }: Candidate, watch: number): boolean {
    return grade !== "trusted" || this.#random.next() < watch;
  }

  /** Has somebody on probation answer a task too that trusted workers have answered alike; false where it goes on as it is. */
  #isChecked(ballots: Ballot[], task: number): boolean {
    if (!this.#conducts || this.#checked === task || this.#random.next() >= CHECK_RATE) return false;
    this.#checked = task;
    if (ballots.some(({ says }) => says !== ballots[0]!.says)) return false;
    const members = Array.from({ length: this.#crowd.size }, (_unused, worker) => this.#candidate(worker));
    const voters = ballots.map(({ worker }) => worker);
    if (!isWorthACheck(voters, members)) return false;
    const able = members.filter((each) => each.grade === "probation" && !voters.includes(workerOf(each)));
    const chosen = able[Math.floor(this.#random.next() * able.length)];
    if (!chosen || placed([chosen]).length === 0) return false;
    ballots.push(this.#vote(chosen, task));
    return agreedAnswer({ trust: this.#choice.trust, votes: ballots, isWatched: false }) === undefined;
  }

  #vote(candidate: Candidate, task: number): Ballot {
    const worker = workerOf(candidate);
    this.#executions++;
    this.#standing.hold(worker);
    return { worker, says: this.#crowd.answer(worker, task), weight: candidate.weight };
  }

  /** Some of those that have a slot now, as placement ranks them. Where nobody has cover left, the epoch is settled first. */
  #free(ballots: readonly Ballot[]): readonly Candidate[] {
    const voters = ballots.map(({ worker }) => worker);
    const refused: number[] = [];
    for (;;) {
      const drawn = this.#draw([...voters, ...refused]);
      const ranked = placed(drawn.map((worker) => this.#candidate(worker)));
      if (ranked.length > 0) return ranked;
      refused.push(...drawn);
      if (drawn.length > 0) continue;
      if (this.#unsettled.length === 0) {
        if (!this.#conducts?.waitForSomebody()) throw new Error("nobody is left who may vote");
      }
      this.#settle();
      refused.splice(0);
    }
  }

  #draw(taken: readonly number[]): readonly number[] {
    const drawn: number[] = [];
    while (drawn.length < this.#choice.free) {
      const worker = pickOther(this.#random, this.#crowd.size, [...taken, ...drawn]);
      if (worker === undefined) break;
      drawn.push(worker);
    }
    return drawn;
  }

  #candidate(worker: number): Candidate {
    return aCandidate(worker, {
      weight: voteWeight(this.#standing.score(worker), this.#choice.maxWeight),
      stakes: this.#standing.freeCover(worker),
      reliability: this.#standing.reliability(worker),
      grade: this.#conducts?.grade(worker) ?? "trusted",
    });
  }

  #settle(): void {
    this.#standing.settle(this.#unsettled);
    this.#conducts?.settle(this.#unsettled);
    this.#unsettled = [];
  }
}
