import { afterEnding, conductAt, NEWCOMER } from "../../scheduler/domain/workers/conduct.ts";
import type { Conduct, Ending, Grade } from "../../scheduler/domain/workers/conduct.ts";
import type { Settled } from "./standing.ts";

const HOUR_MS = 3_600_000;

/** How far the pool trusts each worker, by its own function, on a clock of its own. */
export class Conducts {
  readonly #conducts: Conduct[];
  #now = 0;

  constructor(workers: number) {
    this.#conducts = Array.from({ length: workers }, () => NEWCOMER);
  }

  grade(worker: number): Grade {
    return conductAt(this.#conducts[worker]!, this.#now).grade;
  }

  pass(ms: number): void {
    this.#now += ms;
  }

  /** Nobody takes leases: an hour later somebody may. False where nobody is in quarantine. */
  waitForSomebody(): boolean {
    if (this.#conducts.every((_conduct, worker) => this.grade(worker) !== "quarantined")) return false;
    this.pass(HOUR_MS);
    return true;
  }

  settle(tasks: readonly Settled[]): void {
    for (const { ballots, answer } of tasks) {
      const isConfirmed = ballots.filter(({ says }) => says === answer).length > 1;
      for (const { worker, says } of ballots) {
        this.#note(worker, says !== answer ? "disagreed" : isConfirmed ? "confirmed" : "success");
      }
    }
  }

  #note(worker: number, ending: Ending): void {
    this.#conducts[worker] = afterEnding(this.#conducts[worker]!, ending, this.#now);
  }
}
