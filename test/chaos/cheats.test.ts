import { expect } from "chai";

import { HURRY, openChaosStage } from "../support/chaos/chaos-stage.ts";
import type { ChaosStage } from "../support/chaos/chaos-stage.ts";
import { expectNothingLost } from "../support/chaos/nothing-lost.ts";
import { POOL_CHEATS } from "../support/chaos/pool-cheats.ts";
import { hasCheated } from "../support/chaos/say-cheated.ts";
import { countFault } from "../support/chaos/tally.ts";
import { WORKER_CHEATS } from "../support/chaos/worker-cheats.ts";
import type { WorkerCheat } from "../support/chaos/worker-cheats.ts";
import { loadTestConfig } from "../support/config.ts";
import { readSlashes } from "../support/e2e-slashes.ts";
import { inSuite } from "../support/in-suite.ts";
import type { Service } from "../support/stage/service.ts";
import { OPERATOR } from "../support/stage/stage-deals.ts";
import type { Address } from "../../protocol/primitives.ts";
import { KEPT_OPEN_SECONDS } from "../../protocol/kept-votes.ts";

const AGENT = "test/support/chaos/cheating-agent.ts";
const { full } = loadTestConfig();
const HONEST = 3;
/** Honest workers are soon busy, so that a newcomer gets leases, too. */
const ONE_AT_A_TIME = { GRIDMILL_SLOTS: "1" };
/** Seconds after which a market is well again that a cheat is in. */
const WITHIN = 60;
/** A task that its workers have not opened in time is tried again after at most so long. */
const SECOND_TRY_SECONDS = 120;
/** A cheat that costs a stake, and a message that is not taken. */
const SHORT: readonly string[] = ["votes a wrong digest", "signs two ballots"];
const BY_WORKERS = WORKER_CHEATS.filter(({ name }) => full || SHORT.includes(name));
const BY_POOLS = full ? POOL_CHEATS : [];
/** What the operator's key can do past its own scheduler, and when. */
const BY_KEY = full ? (["seals twice", "seals without its pool"] as const) : [];

describe("a market with cheats", function () {
  this.timeout(300_000);
  const chaos = inSuite<ChaosStage>(() => openChaosStage(HONEST, BY_WORKERS.length, HURRY, ONE_AT_A_TIME));

  /** Those who have lost a stake. */
  async function slashed(): Promise<readonly Address[]> {
    const { url: chainUrl, deployment } = chaos().stage.grid;
    return (await readSlashes({ chainUrl, deployment })).map(({ worker }) => worker);
  }

  BY_WORKERS.forEach(({ name, isSlashed, holdsUp }: WorkerCheat, place) => {
    it(`a worker that ${name} ${isSlashed ? "loses its stake" : "loses nothing but the work"}, and nothing is lost`, async function () {
      const { startWorker, feedUntil, expectWell, stage, passTimeUntilOver } = chaos();
      const before = await slashed();
      const cheat = await startWorker(HONEST + place, { program: AGENT, args: [name] });
      await using process = cheat.child;

      await feedUntil(`a worker that ${name}`, () => hasCheated(cheat));
      countFault("cheat", `a worker ${name}`);
      await passTimeUntilOver(holdsUp ? KEPT_OPEN_SECONDS + 1 : SECOND_TRY_SECONDS);
      await process.stop();

      await expectWell(WITHIN);
      const after = (await slashed()).slice(before.length);
      expect(after.every((worker) => worker === stage.addressOf(HONEST + place))).to.equal(true);
      expect(after.length > 0).to.equal(isSlashed);
    });
  });

  for (const { name } of BY_POOLS) {
    it(`a scheduler that ${name} costs nobody a stake, and the next one goes on`, async function () {
      const { replacePool, feedUntil, expectWell, passTimeUntilOver } = chaos();
      const before = await slashed();
      await replacePool({ program: "test/support/chaos/cheating-pool.ts", args: [name] });
      const cheat: Service = chaos().pool;

      await feedUntil(`a scheduler that ${name}`, () => hasCheated(cheat));
      countFault("cheat", `a scheduler ${name}`);
      await replacePool();
      await passTimeUntilOver(SECOND_TRY_SECONDS);

      await expectWell(WITHIN);
      expect(await slashed()).to.deep.equal(before);
    });
  }

  for (const name of BY_KEY) {
    it(`an operator that ${name} costs nobody a stake: every task is settled or refunded`, async function () {
      const { feedUntil, isAt, expectWell, passTimeUntilOver, books } = chaos();
      const before = await slashed();
      const isRefused = name === "seals twice";
      await feedUntil("an epoch", () => isAt(isRefused ? "opening" : "balloting"));

      expect(await sealByHand()).to.equal(isRefused ? 0 : 1);
      countFault("cheat", `an operator ${name}`);
      // A lane that was sealed by somebody else is free after its window, when the deals are past their deadline.
      await passTimeUntilOver(isRefused ? 0 : 1_900);

      expectNothingLost(await books());
      await expectWell(WITHIN);
      expect(await slashed()).to.deep.equal(before);
    });
  }

  /** Seals an empty epoch past the pool, in whatever nonce comes next. @returns 1 when the chain took it */
  async function sealByHand(): Promise<number | null> {
    const { grid } = chaos().stage;
    const wallet = grid.wallet(OPERATOR).connect(grid.provider);
    const { to, data } = grid.calls.seal(1n, 0, []);
    // With a limit of its own nobody asks the node first whether it would be taken.
    const sent = await wallet.sendTransaction({ to: to!, data, gasLimit: 500_000 });
    return (await grid.provider.waitForTransaction(sent.hash))!.status;
  }
});
