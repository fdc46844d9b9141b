import { expect } from "chai";

import { withRedis } from "../support/parts.ts";
import { DAILY, IMPOSSIBLE, mishapText, TABLED } from "../support/chaos/matrix.ts";
import { MISHAPS } from "../support/chaos/mishaps.ts";
import type { Mishap } from "../support/chaos/mishaps.ts";
import { MortalWorld } from "../support/chaos/mortal-world.ts";
import type { Armed } from "../support/chaos/mortal-world.ts";
import { countFault } from "../support/chaos/tally.ts";

describe("a scheduler that dies while other things go wrong", function () {
  this.timeout(300_000);
  const redis = withRedis();
  const states = new Map<string, string[]>();

  /** Lets the mishap happen to a pool that dies at a move. @returns the moves that were made */
  async function happens({ name, happens: story }: Mishap, armed?: Armed): Promise<ReadonlySet<string>> {
    const seen = new Set<string>();
    await using world = await MortalWorld.open(redis().url, armed, seen);
    await story(world).catch((cause: unknown) => {
      throw new Error(`${name}, dead ${armed?.when} ${armed?.row}`, { cause });
    });
    await world.world.settleDown();
    if (armed) {
      countFault("death in its process", `scheduler ${armed.when} ${armed.row}`);
      expect(world.died, `${name}: died ${armed.when} ${armed.row}`).to.not.equal(undefined);
      const { from, to, state } = world.died!;
      if (!from.startsWith("-"))
        expect(state, `${armed.when} ${armed.row}`).to.equal(armed.when === "before" ? from : to);
      states.set(armed.row, [...(states.get(armed.row) ?? []), `${armed.when}: ${state}`]);
    }
    expect(await world.world.redis.zcard(world.world.keys("leases")), `${name}: leases`).to.equal(0);
    return seen;
  }

  const daily = new Set(DAILY.map(({ row }) => row));
  const killed = new Set<string>();
  for (const mishap of MISHAPS) {
    it(`${mishap.name}: the deal ends as it would have`, async function () {
      const moves = [...(await happens(mishap))].filter((row) => !daily.has(row) && !killed.has(row));
      for (const row of moves) {
        for (const when of ["before", "after"] as const) await happens(mishap, { row, when });
        killed.add(row);
      }
    });
  }

  it("every move of the tables of tasks, votes, deals and epochs was met, but for those that nothing makes", function () {
    process.stdout.write(`${mishapText(states)}\n`);

    for (const row of killed) expect(IMPOSSIBLE, row).to.not.have.property(row);
    const missing = TABLED.filter((row) => !daily.has(row) && !killed.has(row) && IMPOSSIBLE[row] === undefined);
    expect(missing).to.deep.equal([]);
  });
});
