import { expect } from "chai";

import { expectBalanced, lostTasks } from "../books.ts";
import type { Books } from "../books.ts";

import { countLost } from "./tally.ts";

/** All deals are over: every task was settled or refunded once, and every token is accounted for. What was lost is counted. */
export function expectNothingLost(books: Books): void {
  const lost = lostTasks(books.deals);
  countLost(lost);
  expect(lost, "tasks that were not settled or refunded exactly once").to.equal(0);
  expectBalanced(books);
}
