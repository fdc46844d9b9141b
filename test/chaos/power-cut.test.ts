import { join } from "node:path";

import { expect } from "chai";

import { readPlan } from "../../cli/local/local-plan.ts";
import { localPaths } from "../../cli/local/paths.ts";
import { homePaths } from "../../cli/home.ts";
import { dealIdOf, taskIdOf } from "../../protocol/deal.ts";
import { OWNER_LABEL } from "../../worker/executor/sweep.ts";
import { readBooks } from "../support/books.ts";
import { expectOneDigestATask } from "../support/chaos/journals.ts";
import { openOnlooker } from "../support/chaos/look-at-the-dead.ts";
import { expectNothingLost } from "../support/chaos/nothing-lost.ts";
import { openOwnMachine } from "../support/chaos/own-machine.ts";
import type { OwnMachine } from "../support/chaos/own-machine.ts";
import { countFault } from "../support/chaos/tally.ts";
import { readSlashes } from "../support/e2e-slashes.ts";
import { tracesOf } from "../support/e2e-traces.ts";
import { askEngine, labelled } from "../support/engine-api.ts";
import { startLocalMarket } from "../support/local-market.ts";
import type { LocalMarket } from "../support/local-market.ts";
import { waitFor } from "../support/wait-for.ts";

const WORKER = "worker-1";
/** Two votes, so the worker has to give one of them. */
const RUN = ["run", "test/support/apps/misbehave", "--trust", "3", "--yes"];
/** Sleeps for some seconds, so that there is a middle to cut. */
const SLOWLY = ["--", "slow", "8"];

async function startWorker({ run }: LocalMarket, { dockerHost }: OwnMachine): Promise<void> {
  const { code, stderr } = await run(["worker", "start", "--name", WORKER], { env: { DOCKER_HOST: dockerHost } });
  expect(code, stderr).to.equal(0);
}

/** How the containers of tasks stand that an engine has, running or not. */
async function containersOn({ dockerHost }: OwnMachine): Promise<readonly string[]> {
  const all = await askEngine(`/containers/json?all=1&${labelled(OWNER_LABEL)}`, dockerHost);
  return (all as { readonly State: string }[]).map(({ State }) => State);
}

describe("a power cut on a worker's machine", function () {
  this.timeout(300_000);

  it("in the middle of a run: the worker runs it again, answers once and is paid, and nothing is left", async function () {
    await using market = await startLocalMarket(["--workers", "2"]);
    await using machine = await openOwnMachine(market.registry);
    const plan = (await readPlan(localPaths(homePaths(market.home).local).plan))!;
    await machine.powerOn();
    await market.kill(WORKER);
    await startWorker(market, machine);

    const running = market.run([...RUN, "--out", join(market.home, "out"), ...SLOWLY], { timeoutMs: 200_000 });
    await waitFor("a container on the machine", async () => (await containersOn(machine)).includes("running"), {
      timeoutMs: 90_000,
    });
    await Promise.all([market.kill(WORKER), machine.cutPower()]);
    countFault("kill", "a worker with its machine");
    await machine.powerOn();
    expect(await containersOn(machine), "what the cut has left").to.deep.equal(["exited"]);
    await startWorker(market, machine);

    const { code, json, stderr } = await running;
    expect(code, stderr).to.equal(0);
    expect((json as { tasks: object[] }).tasks).to.have.lengthOf(1);
    expect((json as { tasks: object[] }).tasks[0]).to.deep.include({
      status: "settled",
      votes: { agree: 2, differ: 0 },
    });
    const books = await readBooks(market.chainUrl, market.deployment);
    expectNothingLost(books);
    expect(books.deals.map(({ settled }) => settled.length)).to.deep.equal([1]);
    expect(await readSlashes(market)).to.deep.equal([]);
    await using onlooker = await openOnlooker(market, plan);
    await expectOneDigestATask(plan, onlooker, [taskIdOf(dealIdOf(books.deals[0]!.deal), 0)]);
    await waitFor("the leases to be over", async () => (await onlooker.leasesOut()) === 0);
    const traces = await tracesOf(market.home, plan, machine.dockerHost);
    expect(traces.filter((trace) => !trace.startsWith("process"))).to.deep.equal([]);
  });
});
