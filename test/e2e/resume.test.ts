import { join } from "node:path";

import { expect } from "chai";

import { expectBalanced, readBooks } from "../support/books.ts";
import { runGridmill, withLocalMarket } from "../support/local-market.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

/** Each task sleeps a few seconds, so that there is a middle to cut. */
const APP = "test/support/apps/misbehave";

type PoolView = { readonly tasks: Readonly<Record<string, number>> };

describe("a power cut in the middle of a deal", function () {
  const market = withLocalMarket(["--workers", "3"]);

  async function tasksIn(...states: readonly string[]): Promise<number> {
    const pool = (await (await fetch(`${market().poolUrl}/pool`)).json()) as PoolView;
    return states.reduce((sum, state) => sum + (pool.tasks[state] ?? 0), 0);
  }

  it("costs neither a task nor a payment", async function () {
    await using dir = await tempDir();
    const out = join(dir.path, "out");
    const before = await readBooks(market().chainUrl, market().deployment);
    const running = market().run([
      "run",
      APP,
      "--tasks",
      "4",
      "--trust",
      "5",
      "--yes",
      "--out",
      out,
      "--",
      "slow",
      "4",
    ]);

    await waitFor("a task to run", async () => (await tasksIn("running")) > 0, { timeoutMs: 60_000 });
    await market().kill("pool");
    const pool = await runGridmill(["pool", "start", "--json"], { env: { GRIDMILL_HOME: market().home } });
    expect(pool.code, pool.stderr).to.equal(0);
    await waitFor("a task to run again", async () => (await tasksIn("running")) > 0, { timeoutMs: 60_000 });
    await market().kill("worker-1");
    const worker = await runGridmill(["worker", "start", "--name", "worker-1", "--json"], {
      env: { GRIDMILL_HOME: market().home },
    });
    expect(worker.code, worker.stderr).to.equal(0);

    const { code, json, stderr } = await running;
    expect(code, stderr).to.equal(0);
    const { tasks, cost } = json as { tasks: { status: string; votes: object }[]; cost: string };
    expect(tasks.map((task) => task.status)).to.deep.equal(["settled", "settled", "settled", "settled"]);
    const after = await readBooks(market().chainUrl, market().deployment);
    expectBalanced(after);
    const requester = market().accounts["requester"]!;
    const paid = before.accounts.get(requester)!.available - after.accounts.get(requester)!.available;
    expect(paid).to.equal(BigInt(cost));
    expect(after.deals.map(({ settled }) => settled.length)).to.deep.equal([4]);
  });
});
