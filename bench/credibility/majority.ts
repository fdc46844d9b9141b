import { gather, RIGHT } from "./crowd.ts";
import type { Crowd } from "./crowd.ts";
import type { Policy } from "./outcome.ts";
import { openRandom, pickOther } from "./random.ts";
import type { Random } from "./random.ts";

/** m-first voting: the first answer that `agreeing` workers have given is accepted; 1 believes everybody. */
export function majority(agreeing: number): Policy {
  return (scenario, seed) => {
    const crowd = gather(scenario, seed);
    const random = openRandom(seed, 1);
    let executions = 0;
    let wrong = 0;
    for (let task = 0; task < scenario.tasks; task++) {
      const { voters, answer } = voteUntil(agreeing, task, crowd, random);
      executions += voters.length;
      if (answer !== RIGHT) wrong++;
    }
    return { executions, wrong, tasks: scenario.tasks };
  };
}

/** One task asked of one random worker after the other, until so many agree. `voters` and `answers` are in the same order. */
export function voteUntil(
  agreeing: number,
  task: number,
  crowd: Crowd,
  random: Random,
  first: readonly number[] = [],
): Ballots {
  const voters: number[] = [];
  const answers: number[] = [];
  const queue = [...first];
  for (;;) {
    const voter = queue.shift() ?? pickOther(random, crowd.size, voters);
    // Nobody is left to ask: what most have said.
    if (voter === undefined) return { voters, answers, answer: mostCommon(answers) };
    const answer = crowd.answer(voter, task);
    voters.push(voter);
    answers.push(answer);
    if (answers.filter((other) => other === answer).length >= agreeing) return { voters, answers, answer };
  }
}

type Ballots = { readonly voters: readonly number[]; readonly answers: readonly number[]; readonly answer: number };

function mostCommon(answers: readonly number[]): number {
  const count = (answer: number): number => answers.filter((other) => other === answer).length;
  return answers.reduce((best, answer) => (count(answer) > count(best) ? answer : best), RIGHT);
}
