import { join } from "node:path";

import { expect } from "chai";

import { BOND } from "../../cli/local/genesis.ts";
import { MILL } from "../../protocol/amounts.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import type { Grid } from "../../sdk/grid.ts";
import { expectBalanced, readBooks } from "../support/books.ts";
import { openPerson } from "../support/e2e-person.ts";
import { readSlashes } from "../support/e2e-slashes.ts";
import { inSuite } from "../support/in-suite.ts";
import { REPOSITORY, startMarketBy } from "../support/local-market.ts";
import type { LocalMarket } from "../support/local-market.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const APP = "test/support/apps/misbehave";
/** The local pool asks 1 MILL a task and 30 % of it as the stake on each vote. */
const WORKER_STAKE = (MILL * 3n) / 10n;

type Task = {
  readonly taskId: Hash;
  readonly status: string;
  readonly exitCode: number;
  readonly votes: { readonly agree: number; readonly differ: number };
  readonly workers: readonly Address[];
};
type Ran = { readonly tasks: readonly Task[]; readonly cost: string };

describe("workers that cheat", function () {
  const market = inSuite<LocalMarket>(() =>
    startMarketBy(process.execPath, [join(REPOSITORY, "test/support/e2e-cheating-market.ts")]),
  );
  const nameOf = (address: Address): string =>
    Object.entries(market().accounts).find(([, known]) => known === address)![0];

  async function run(...args: readonly string[]): Promise<Ran> {
    await using dir = await tempDir();
    const { code, json, stderr } = await market().run(["run", "--yes", "--out", join(dir.path, "out"), ...args], {
      timeoutMs: 180_000,
    });
    expect(code, stderr).to.equal(0);
    return json as Ran;
  }

  async function bondOf(worker: string): Promise<bigint> {
    const { json } = await market().run(["account", "show", market().accounts[worker]!]);
    return BigInt((json as { bonded: string }).bonded);
  }

  it("a lie is outvoted, costs the liar its stake, and pays the honest ones", async function () {
    // As many leases as there are workers, so that the liar gets one.
    const { tasks, cost } = await run("--tasks", "2", "--trust", "3", APP, "--", "slow", "1");

    const lies = tasks.reduce((sum, { votes }) => sum + votes.differ, 0);
    expect(lies).to.be.at.least(1);
    for (const { status, exitCode, workers } of tasks) {
      expect({ status, exitCode }).to.deep.equal({ status: "settled", exitCode: 0 });
      expect(workers.map(nameOf)).to.not.include("cheater");
    }
    const lost = WORKER_STAKE * BigInt(lies);
    const slashes = await readSlashes(market());
    expect(slashes.map(({ worker }) => nameOf(worker))).to.deep.equal(slashes.map(() => "cheater"));
    expect(slashes.reduce((sum, { amount }) => sum + amount, 0n)).to.equal(lost);
    expect(await bondOf("cheater")).to.equal(BOND - lost);
    const books = await readBooks(market().chainUrl, market().deployment);
    for (const worker of tasks.flatMap(({ workers }) => workers)) {
      expect(await bondOf(nameOf(worker))).to.equal(BOND);
      expect(Number(books.accounts.get(worker)!.available)).to.be.greaterThan(0);
    }
    expect(books.accounts.get(market().accounts["cheater"]!)!.available).to.equal(0n);
    expect(cost).to.equal(`${2n * MILL}`);
    expect(books.pendingBurn).to.equal(lost + (2n * MILL) / 100n);
    expectBalanced(books);
  });

  it("a worker that vanishes in the middle loses its lease, and another one does the task", async function () {
    await using requester = await openPerson(market(), "requester");
    await market().kill("cheater");
    const running = run("--trust", "2", APP, "--", "slow", "8");
    const gone = await waitFor("a worker to run the task", () => runningWorker(requester.grid), { timeoutMs: 60_000 });
    await market().kill(nameOf(gone));

    const { tasks } = await running;

    expect(tasks).to.have.length(1);
    expect(tasks[0]).to.deep.include({ status: "settled", exitCode: 0, votes: { agree: 1, differ: 0 } });
    expect(tasks[0]!.workers).to.not.include(gone);
    const { votes } = await requester.grid.tasks.get(tasks[0]!.taskId);
    expect(votes.find(({ worker }) => worker === gone)).to.include({ status: "lost", code: "GM_LEASE_EXPIRED" });
    expect(await bondOf(nameOf(gone))).to.equal(BOND);
    // Its start clears away the container that the kill left behind.
    const back = await market().run(["worker", "start", "--name", nameOf(gone)]);
    expect(back.code, back.stderr).to.equal(0);
    expectBalanced(await readBooks(market().chainUrl, market().deployment));
  });

  /** Whose container runs for the newest deal. */
  async function runningWorker({ deals }: Grid): Promise<Address | undefined> {
    const [newest] = await deals.list();
    const { tasks } = await deals.show(newest!.dealId);
    const votes = tasks.flatMap((task) => (task.status === "settled" ? [] : task.votes));
    return votes.find(({ status, stage }) => status === "running" && stage === "running")?.worker;
  }
});
