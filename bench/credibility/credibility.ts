import { gather, RIGHT } from "./crowd.ts";
import type { Crowd, Scenario } from "./crowd.ts";
import { groupCredibilities, oddsOf, workerCredibility } from "./formulas.ts";
import type { Outcome, Policy } from "./outcome.ts";
import { openRandom, pickOther } from "./random.ts";
import type { Random } from "./random.ts";

/** An answer, by whom; void once its worker was caught. */
type Answer = { readonly worker: number; readonly name: number; readonly says: number };

/**
 * Sarmenta's credibility-based fault tolerance with spot checks: a task whose answer is known already is given to a worker with chance
 * `checkRate` whenever it asks for work; an answer is accepted once it is right with a chance of at least `1 - error`,
 * by the checks that its workers have survived. Who fails one is out, and all its answers are thrown away, also
 * where they were accepted: nothing is final before the last task of the batch is. The true share of saboteurs is known to it.
 */
export function credibility(error: number, checkRate: number): Policy {
  return (scenario, seed) => new Batch(scenario, seed, { error, checkRate }).run();
}

/** Less credible than any answer, however little is asked for. */
const NOTHING_SAID = { says: Number.NaN, credibility: -1 };

class Batch {
  readonly #scenario: Scenario;
  readonly #goal: { readonly error: number; readonly checkRate: number };
  readonly #crowd: Crowd;
  readonly #random: Random;
  readonly #answers: Answer[][];
  /** Odds of each worker by the checks that it has survived under its present name. */
  readonly #odds: number[];
  readonly #survived: number[];
  /** Present name of each worker: how often it was caught; Infinity once it is out. */
  readonly #names: number[];
  /** Those that were sent away. */
  readonly #away: number[] = [];
  #executions = 0;

  constructor(scenario: Scenario, seed: number, goal: { readonly error: number; readonly checkRate: number }) {
    const each = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);
    this.#scenario = scenario;
    this.#goal = goal;
    this.#crowd = gather(scenario, seed);
    this.#random = openRandom(seed, 1);
    this.#answers = each(scenario.tasks, () => []);
    this.#odds = each(scenario.workers, () => oddsOf(workerCredibility(scenario.saboteurs, 0, true)));
    this.#survived = each(scenario.workers, () => 0);
    this.#names = each(scenario.workers, () => 0);
  }

  /** Goes round the tasks that are not credible until all are, which those of workers caught meanwhile may be no longer. */
  run(): Outcome {
    let asked: boolean;
    do {
      asked = false;
      for (let task = 0; task < this.#answers.length; task++) asked = this.#askOnce(task) || asked;
    } while (asked);
    const wrong = this.#answers.filter((_unused, task) => this.#best(task).says !== RIGHT).length;
    return { executions: this.#executions, wrong, tasks: this.#answers.length };
  }

  /** Gets one more answer where there is none that is credible; whether it did. */
  #askOnce(task: number): boolean {
    if (this.#best(task).credibility >= 1 - this.#goal.error) return false;
    const worker = this.#nextWorker(task);
    if (worker === undefined) return false;
    this.#executions++;
    const says = this.#crowd.answer(worker, task);
    this.#answers[task]!.push({ worker, name: this.#names[worker]!, says });
    return true;
  }

  /** Who asks for work is checked with some chance, and then the next one asks. */
  #nextWorker(task: number): number | undefined {
    const voters = this.#answers[task]!.map(({ worker }) => worker);
    for (;;) {
      const worker = pickOther(this.#random, this.#crowd.size, [...voters, ...this.#away]);
      if (worker === undefined || this.#random.next() >= this.#goal.checkRate) return worker;
      this.#check(worker, task);
    }
  }

  #check(worker: number, task: number): void {
    const isFinal = this.#scenario.caught === "out";
    this.#executions++;
    if (this.#crowd.failsCheck(worker, task)) {
      this.#names[worker] = isFinal ? Infinity : this.#names[worker]! + 1;
      this.#survived[worker] = 0;
      if (isFinal) this.#away.push(worker);
    } else {
      this.#survived[worker]!++;
    }
    this.#odds[worker] = oddsOf(workerCredibility(this.#scenario.saboteurs, this.#survived[worker]!, isFinal));
  }

  #best(task: number): { readonly says: number; readonly credibility: number } {
    const groups = new Map<number, number[]>();
    for (const { worker, name, says } of this.#answers[task]!) {
      if (name !== this.#names[worker]) continue;
      const odds = this.#odds[worker]!;
      const group = groups.get(says);
      if (group) group.push(odds);
      else groups.set(says, [odds]);
    }
    const credibilities = groupCredibilities([...groups.values()]);
    return [...groups.keys()].reduce(
      (best, says, i) => (credibilities[i]! > best.credibility ? { says, credibility: credibilities[i]! } : best),
      NOTHING_SAID,
    );
  }
}
