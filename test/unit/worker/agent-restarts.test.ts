import { writeFile } from "node:fs/promises";

import { expect } from "chai";

import { ballotSigner } from "../../../chain/sign.ts";
import { jointHashOf, leafOf, tagOf, votesHashOf } from "../../../protocol/ballot.ts";
import type { MessageOf, WorkerMessage } from "../../../protocol/messages.ts";
import type { Hash } from "../../../protocol/primitives.ts";
import { WrongPoolError } from "../../../worker/errors.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { waitFor } from "../../support/wait-for.ts";
import { address, anAgent, domain } from "./agent.ts";
import type { TestAgent } from "./agent.ts";
import { aLease, FakeChain, FakeExecutor, POOL, resultOf } from "./fakes.ts";
import { ballotWanted } from "./voting.ts";

const quick = (): FakeExecutor => {
  const executor = new FakeExecutor();
  executor.automatic = () => resultOf("a");
  executor.writeResult = (path) => writeFile(path, "a tar");
  return executor;
};
const typesOf = (agent: TestAgent): readonly string[] =>
  agent.sent.map(({ type }) => type).filter((type) => type !== "progress");
const heard = <T extends WorkerMessage["type"]>(agent: TestAgent, type: T): Promise<MessageOf<WorkerMessage, T>> =>
  waitFor(type, () => agent.sent.find((message) => message.type === type) as MessageOf<WorkerMessage, T> | undefined, {
    everyMs: 2,
  });

/** An agent that has computed the task of its one lease and said so. */
async function computedBy(dataFolder: string, chain: FakeChain) {
  const lease = aLease();
  const agent = await anAgent(dataFolder, chain, quick());
  agent.welcome();
  agent.order({ type: "lease", lease });
  return { agent, lease, computed: await heard(agent, "computed") };
}

/** Has the agent's ballot of epoch 1 sealed on chain. @returns what the pool says of it */
async function sealedBallot(agent: TestAgent, chain: FakeChain, taskId: Hash) {
  agent.order(ballotWanted(1, [taskId]));
  const { votes } = await heard(agent, "ballot");
  const leaves = [leafOf(address, votesHashOf(votes))];
  chain.seal(1, jointHashOf(leaves));
  return { type: "sealed", pool: POOL, lane: 0, epoch: 1, leaves } as const;
}

describe("agent, killed and started again", function () {
  it("introduces itself with the leases it holds, and tells again what it computed", async function () {
    await using dir = await tempDir();
    const chain = new FakeChain();
    const fresh = await anAgent(dir.path, chain, quick());
    expect(fresh.equipment.agent.hello().leases).to.deep.equal([]);
    fresh.kill();
    const { agent: first, lease, computed } = await computedBy(dir.path, chain);
    first.kill();

    const second = await anAgent(dir.path, chain, quick());
    expect(second.equipment.agent.hello().leases).to.deep.equal([lease.leaseId]);
    second.welcome();

    expect(second.sent).to.deep.equal([computed]);
  });

  it("tells nothing again of a vote that is over", async function () {
    await using dir = await tempDir();
    const chain = new FakeChain();
    const { agent, lease } = await computedBy(dir.path, chain);
    chain.closedTasks.add(`${lease.dealId}-0`);
    agent.order({ type: "settled", taskId: lease.taskId, digest: resultOf("a").digest, agreed: true });
    await waitFor("the end", () => agent.equipment.votes.get(lease.taskId)?.standing === "agreed");

    agent.sent.length = 0;
    agent.welcome();

    expect(agent.sent).to.deep.equal([]);
    expect(agent.equipment.agent.hello().leases).to.deep.equal([]);
  });

  // Accepting is write 1, the vote write 2, clearing the lease write 3.
  for (const [writes, said, after] of [
    [1, [], ["computed"]],
    [2, ["accept"], ["computed"]],
    [3, ["accept"], ["computed"]],
  ] as const) {
    it(`answers a lease after a death that followed write ${writes} of its life`, async function () {
      await using dir = await tempDir();
      const chain = new FakeChain();
      const lease = aLease();
      const first = await anAgent(dir.path, chain, quick());
      const dead = first.killAfterWrites(writes);
      first.welcome();
      first.order({ type: "lease", lease });
      await dead;
      expect(typesOf(first)).to.deep.equal(said);

      const second = await anAgent(dir.path, chain, quick());
      expect(second.equipment.agent.hello().leases).to.deep.equal([lease.leaseId]);
      second.welcome();
      const { tag } = await heard(second, "computed");

      expect(tag).to.equal(tagOf(lease.taskId, resultOf("a").digest));
      expect([...new Set(typesOf(second))]).to.deep.equal(after);
      await waitFor("the lease to be cleared", () => second.equipment.journal.leases.all().length === 0);
    });
  }

  it("gives the ballot that it journalled when it died before sending it", async function () {
    await using dir = await tempDir();
    const chain = new FakeChain();
    const { agent: first, lease } = await computedBy(dir.path, chain);
    const dead = first.killAfterWrites(1);
    first.order(ballotWanted(1, [lease.taskId]));
    await dead;
    expect(typesOf(first)).not.to.include("ballot");

    const second = await anAgent(dir.path, chain, quick());
    const journalled = second.equipment.journal.ballots.all()[0]!;
    second.welcome();
    second.order(ballotWanted(1, [lease.taskId]));
    const { sealBy, votes, signature, epoch } = await heard(second, "ballot");

    expect(votes.map(({ seal }) => seal)).to.deep.equal(journalled.votes.map(({ seal }) => seal));
    const signed = { pool: POOL, lane: 0, epoch, sealBy, votesHash: votesHashOf(votes) };
    expect(ballotSigner(signed, signature, domain)).to.equal(address);
  });

  it("opens after a restart what it had journalled as open, and what was sealed meanwhile", async function () {
    await using dir = await tempDir();
    const chain = new FakeChain();
    const { agent: first, lease } = await computedBy(dir.path, chain);
    const sealed = await sealedBallot(first, chain, lease.taskId);
    // The leaves are one write, that the ballot is open the next.
    const dead = first.killAfterWrites(2);
    first.order(sealed);
    await dead;
    expect(typesOf(first)).not.to.include("open");

    const second = await anAgent(dir.path, chain, quick());
    second.welcome();
    const opened = await heard(second, "open");

    expect(opened.digests).to.deep.equal([{ taskId: lease.taskId, digest: resultOf("a").digest }]);
    expect(typesOf(second)).to.deep.equal(["computed", "open"]);
  });

  it("uploads only what is open, and says so", async function () {
    await using dir = await tempDir();
    const chain = new FakeChain();
    const { agent, lease } = await computedBy(dir.path, chain);
    agent.order({ type: "upload?", taskId: lease.taskId });
    expect(await heard(agent, "upload-failed")).to.deep.include({ code: "GM_NOT_OPENED" });

    agent.order(await sealedBallot(agent, chain, lease.taskId));
    await heard(agent, "open");
    agent.order({ type: "upload?", taskId: lease.taskId });

    expect(await heard(agent, "uploaded")).to.deep.include({ taskId: lease.taskId, bytes: 5 });
  });

  it("says why when it signs no ballot", async function () {
    await using dir = await tempDir();
    const agent = await anAgent(dir.path, new FakeChain(), quick());
    agent.welcome();

    agent.order(ballotWanted(1, [aLease().taskId]));
    expect(await heard(agent, "ballot-refused")).to.deep.include({ code: "GM_NOTHING_TO_VOTE", epoch: 1 });

    agent.sent.length = 0;
    agent.order({ ...ballotWanted(1, [aLease().taskId]), pool: POOL + 1n });
    expect(await heard(agent, "ballot-refused")).to.deep.include({ code: "GM_OTHER_POOL" });
  });

  it("obeys nobody before a welcome", async function () {
    await using dir = await tempDir();
    const executor = quick();
    const agent = await anAgent(dir.path, new FakeChain(), executor);

    agent.order({ type: "lease", lease: aLease() });
    agent.equipment.agent.onLost();

    expect(agent.sent).to.deep.equal([]);
    expect(executor.specs).to.deep.equal([]);
  });

  it("will not work for another pool, or on another chain, than it was started for", async function () {
    await using dir = await tempDir();
    const { equipment } = await anAgent(dir.path, new FakeChain(), quick());
    const welcome = { type: "welcome", protocol: 1, pool: POOL, chainId: 31_337n, heartbeatMs: 1_000 } as const;

    expect(() => equipment.agent.onWelcome({ ...welcome, pool: POOL + 1n })).to.throw(WrongPoolError);
    expect(() => equipment.agent.onWelcome({ ...welcome, chainId: 1n })).to.throw(WrongPoolError);
    equipment.agent.onWelcome(welcome);
  });

  it("goes on with a running task when the connection is lost, and answers on the next", async function () {
    await using dir = await tempDir();
    const executor = new FakeExecutor();
    executor.writeResult = (path) => writeFile(path, "a tar");
    const agent = await anAgent(dir.path, new FakeChain(), executor);
    const lease = aLease();
    agent.welcome();
    agent.order({ type: "lease", lease });
    await waitFor("the run", () => executor.endings.has(lease.leaseId));

    agent.equipment.agent.onLost();
    expect(agent.equipment.agent.heartbeat().leases).to.deep.equal([lease.leaseId]);
    executor.endings.get(lease.leaseId)!.resolve(resultOf("a"));
    await waitFor("the vote", () => agent.equipment.votes.get(lease.taskId));
    agent.sent.length = 0;
    agent.welcome();

    expect(typesOf(agent)).to.include("computed");
    expect(executor.specs).to.have.length(1);
  });
});
