import { gather, RIGHT } from "./crowd.ts";
import { voteUntil } from "./majority.ts";
import type { Policy } from "./outcome.ts";
import { openRandom } from "./random.ts";

/** Valid replicated results in a row after which BOINC begins to trust a host. */
const BOINC_TRUSTS_AFTER = 10;

/**
 * BOINC's adaptive replication. A host with `trustAfter` valid results in a row is believed alone with chance 1 - 1/row;
 * else its task is replicated until `agreeing` agree. The row grows by one with each replicated valid result, and ends with an
 * invalid one. BOINC sends nobody away, so that whether one comes back makes no difference.
 */
export function adaptiveReplication(agreeing: number, trustAfter = BOINC_TRUSTS_AFTER): Policy {
  return (scenario, seed) => {
    const crowd = gather(scenario, seed);
    const random = openRandom(seed, 1);
    const rows: number[] = Array.from({ length: crowd.size }, () => 0);
    let executions = 0;
    let wrong = 0;
    for (let task = 0; task < scenario.tasks; task++) {
      const host = random.below(crowd.size);
      const isTrusted = rows[host]! >= trustAfter && random.next() < 1 - 1 / rows[host]!;
      const { voters, answers, answer } = voteUntil(isTrusted ? 1 : agreeing, task, crowd, random, [host]);
      if (!isTrusted) voters.forEach((voter, i) => (rows[voter] = answers[i] === answer ? rows[voter]! + 1 : 0));
      executions += voters.length;
      if (answer !== RIGHT) wrong++;
    }
    return { executions, wrong, tasks: scenario.tasks };
  };
}
