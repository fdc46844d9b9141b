/** A task that an epoch settles. */
export type Settled = {
  readonly ballots: readonly { readonly worker: number; readonly says: number }[];
  readonly answer: number;
};

/**
 * Scores and bonds of workers, moved as `Hub` moves them when it settles an epoch (contracts/types/WorkerAccount.sol): gains first, +1 for
 * each vote of a task on which at least two agreed; then a third off, and a stake, for each that differed. Prices are taken
 * to be such that a score can grow.
 */
export class Standing {
  readonly #scores: number[];
  /** Stakes that each bond still covers, and those of them that are at risk. */
  readonly #bonds: number[];
  readonly #held: number[];
  readonly #tallies: { good: number; bad: number }[];
  readonly #bond: number;
  readonly #isRefilled: boolean;

  /** @param isRefilled whether a bond that was slashed is filled up again at once */
  constructor(workers: number, bond: number, isRefilled: boolean) {
    this.#scores = Array.from({ length: workers }, () => 0);
    this.#bonds = this.#scores.map(() => bond);
    this.#held = this.#scores.map(() => 0);
    this.#tallies = this.#scores.map(() => ({ good: 0, bad: 0 }));
    this.#bond = bond;
    this.#isRefilled = isRefilled;
  }

  score(worker: number): number {
    return this.#scores[worker]!;
  }

  /** Stakes that it could still put at risk. */
  freeCover(worker: number): number {
    return this.#bonds[worker]! - this.#held[worker]!;
  }

  /** As the pool counts it. */
  reliability(worker: number): number {
    const { good, bad } = this.#tallies[worker]!;
    return (good + 1) / (good + bad + 1);
  }

  hold(worker: number): void {
    this.#held[worker]!++;
  }

  /** The votes are over, and counted for nothing. */
  release(ballots: Settled["ballots"]): void {
    for (const { worker } of ballots) this.#held[worker]!--;
  }

  settle(tasks: readonly Settled[]): void {
    const differing: number[] = [];
    for (const { ballots, answer } of tasks) {
      this.release(ballots);
      const agreeing = ballots.filter(({ says }) => says === answer).map(({ worker }) => worker);
      differing.push(...ballots.filter(({ says }) => says !== answer).map(({ worker }) => worker));
      for (const worker of agreeing) {
        this.#tallies[worker]!.good++;
        if (agreeing.length > 1) this.#scores[worker]!++;
      }
    }
    for (const worker of differing) this.#slash(worker);
  }

  #slash(worker: number): void {
    this.#tallies[worker]!.bad++;
    this.#scores[worker] = Math.floor((this.#scores[worker]! * 2) / 3);
    this.#bonds[worker] = this.#isRefilled ? this.#bond : this.#bonds[worker]! - 1;
  }
}
