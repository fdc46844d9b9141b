import { expect } from "chai";

import type { LocalPlan } from "../../../cli/local/local-plan.ts";
import { workersOf } from "../../../cli/local/local-plan.ts";
import { tagOf } from "../../../protocol/ballot.ts";
import type { Hash } from "../../../protocol/primitives.ts";
import { VoteRecordSchema } from "../../../worker/journal/journal.ts";
import { placeIn } from "../../../worker/place.ts";

import type { Onlooker } from "./look-at-the-dead.ts";
import { recordsIn } from "./worker-journal.ts";

/** Whatever a worker told the pool of a task, in however many lives and leases, is the one digest of its journal. */
export async function expectOneDigestATask(
  plan: LocalPlan,
  { task }: Pick<Onlooker, "task">,
  taskIds: readonly Hash[],
): Promise<void> {
  for (const { name, env } of workersOf(plan)) {
    const own = digestsOf(placeIn(env["GRIDMILL_DATA"]!).journal);
    for (const taskId of taskIds) {
      const said = (await task(taskId))?.votes.filter(({ worker, tag }) => worker === plan.accounts[name] && tag) ?? [];
      for (const { tag, digest = own.get(taskId) } of said) {
        expect(own.get(taskId), `${name} has journalled what it said of task ${taskId}`).to.equal(digest);
        expect(tag, `what ${name} said of task ${taskId}`).to.equal(tagOf(taskId, own.get(taskId)!));
      }
    }
  }
}

function digestsOf(folder: string): ReadonlyMap<Hash, Hash> {
  const votes = [...recordsIn(folder, "votes").values()].map((json) => VoteRecordSchema.parse(json));
  return new Map(votes.map(({ taskId, digest }) => [taskId, digest]));
}
