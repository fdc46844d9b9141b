import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect } from "chai";

import { saveNetwork } from "../../cli/networks.ts";
import type { PoolQuarantine, QuarantinedEvent } from "../../protocol/pool-api.ts";
import { createGatewayClient } from "../../sdk/gateway-client.ts";
import type { GatewayClient } from "../../sdk/gateway-client.ts";
import { codeOf, IllegalMoveError } from "../../protocol/errors.ts";
import type { Hash } from "../../protocol/primitives.ts";
import type { SchedulerPorts } from "../../scheduler/start-scheduler.ts";
import { createDealStore } from "../../scheduler/store/tasks/deal-store.ts";
import { envFor } from "../support/config.ts";
import { inSuite } from "../support/in-suite.ts";
import { OPERATOR, REQUESTER, startPoolOnChain } from "../support/pool-on-chain.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const PROGRAM = join(import.meta.dirname, "../../cli/main.ts");

/** A store that refuses new deals while it is told to, and counts how often each was let in. */
function stumblingDeals(state: { refuses: boolean; readonly let: Hash[] }): Partial<SchedulerPorts> {
  return {
    createDeals: (...args) => {
      const deals = createDealStore(...args);
      return {
        ...deals,
        create: async (record) => {
          if (state.refuses) throw new IllegalMoveError("no such move");
          state.let.push(record.dealId);
          return await deals.create(record);
        },
      };
    },
  };
}

describe("events that a pool could not take in", function () {
  this.timeout(60_000);
  const state = { refuses: true, let: [] as Hash[] };
  const inside = inSuite(async () => {
    await using owned = new AsyncDisposableStack();
    const world = owned.use(await startPoolOnChain());
    const pool = owned.use(await world.start({ GRIDMILL_CONFIRMATIONS: "0" }, stumblingDeals(state)));
    const parts = owned.move();
    return { world, pool, [Symbol.asyncDispose]: () => parts.disposeAsync() };
  });
  beforeEach(function () {
    state.refuses = true;
  });

  /** One log-in each: a pool takes sixty a minute from one address. */
  const clients = new Map<number, GatewayClient>();
  function client(who: number): GatewayClient {
    const { world, pool } = inside();
    const made = clients.get(who);
    if (made) return made;
    const signer = world.grid.wallet(who);
    const fresh = createGatewayClient({ url: pool.url, chainId: world.grid.deployment.chainId, signer });
    clients.set(who, fresh);
    return fresh;
  }

  const refusal = async (call: Promise<unknown>): Promise<string> =>
    codeOf(
      await call.then(
        () => {},
        (error: unknown) => error,
      ),
    );

  const entries = async (): Promise<PoolQuarantine["entries"]> => (await client(OPERATOR).quarantine()).entries;

  async function poison(): Promise<QuarantinedEvent & { readonly deal: Hash }> {
    const { dealId } = await inside().world.open();
    const found = await waitFor("it to be put aside", async () =>
      (await entries()).find(({ deal }) => deal === dealId),
    );
    return { ...found, deal: dealId };
  }

  it("are listed with what failed, why, when and how often; retried before their cause is gone they stay", async function () {
    const { id, ...said } = await poison();

    expect(said).to.include({
      event: "DealOpened",
      task: null,
      code: "GM_ILLEGAL_MOVE",
      message: "no such move",
      times: 1,
    });
    expect(said.transaction).to.match(/^0x[0-9a-f]{64}$/);
    expect([said.since, said.at].every((at) => Math.abs(at - Date.now() / 1_000) < 60)).to.equal(true);
    await client(OPERATOR).retryEvent(id);
    const again = await waitFor("the second failure", async () => (await entries()).find(({ times }) => times === 2));
    expect([again.id, again.since]).to.deep.equal([id, said.since]);
    await client(OPERATOR).dropEvent(id);
  });

  it("go through once when they are retried after it is gone, however often that is asked for", async function () {
    const { id, deal } = await poison();
    state.refuses = false;

    const answers = await Promise.allSettled([1, 2, 3].map(() => client(OPERATOR).retryEvent(id)));
    await waitFor("an empty quarantine", async () => (await entries()).length === 0);
    await waitFor("the deal to be given back", async () => !(await inside().world.grid.reader.dealState(deal)).open);

    expect(answers[0]!.status).to.equal("fulfilled");
    expect(state.let.filter((each) => each === deal)).to.have.length(1);
    expect(await refusal(client(OPERATOR).retryEvent(id))).to.equal("GM_NOT_FOUND");
  });

  it("are gone when they are dropped, and the log says what they were", async function () {
    const { id, deal } = await poison();

    await client(OPERATOR).dropEvent(id);
    state.refuses = false;

    expect(await entries()).to.deep.equal([]);
    expect(await refusal(client(OPERATOR).retryEvent(id))).to.equal("GM_NOT_FOUND");
    expect(await refusal(client(OPERATOR).dropEvent(id))).to.equal("GM_NOT_FOUND");
    expect(inside().pool.log.find(({ msg, deal: of }) => msg === "event dropped" && of === deal)).to.include({
      id,
      times: 1,
    });
    expect(state.let).to.not.include(deal);
  });

  it("that the chain has no more stay, and say so", async function () {
    const { grid } = inside().world;
    const { id } = await poison();
    await grid.reorganise(1);
    state.refuses = false;

    await client(OPERATOR).retryEvent(id);
    const code = async (): Promise<string | undefined> => (await entries()).find((entry) => entry.id === id)?.code;
    await waitFor("the word", async () => (await code()) === "GM_EVENT_GONE");

    const note = await waitFor("the note", async () => (await entries()).find(({ event }) => event === "Reorganised"));
    expect(await refusal(client(OPERATOR).retryEvent(note.id))).to.equal("GM_BAD_INPUT");
  });

  it("are shown, handed back and dropped by the command, with the operator's key", async function () {
    const { world, pool } = inside();
    const { grid } = world;
    await using owner = grid.sender(1);
    await owner.send("endpoint", grid.calls.setPoolEndpoint(1n, pool.url));
    await using home = await tempDir();
    const { chainId } = grid.deployment;
    const network = {
      chainId,
      rpcUrls: [grid.url],
      marketUrl: grid.url,
      confirmations: 0,
      deployment: grid.deployment,
    };
    await saveNetwork(join(home.path, "networks.json"), "here", network);
    const env = envFor({ GRIDMILL_HOME: home.path, GRIDMILL_KEY: grid.wallet(OPERATOR).privateKey });
    const command = async (...args: readonly string[]): Promise<string> => {
      const line = [PROGRAM, "--network", "here", "pool", "quarantine", ...args];
      return (await promisify(execFile)(process.execPath, line, { env })).stdout;
    };
    const [{ id, deal }, other] = [await poison(), await poison()];

    const unasked = command("drop", other.id).catch(({ stderr }: { stderr: string }) => stderr);
    const [listed, refused] = await Promise.all([command("list"), unasked]);
    for (const said of [id, deal, other.id, "GM_ILLEGAL_MOVE: no such move"]) expect(listed).to.include(said);
    expect(refused).to.include("--yes");
    const { dropped } = JSON.parse(await command("drop", other.id, "--yes", "--json")) as { dropped: object[] };
    expect(dropped).to.have.length(1);
    expect(dropped[0]).to.include({ id: other.id, deal: other.deal });
    state.refuses = false;
    expect(await command("retry", id)).to.match(new RegExp(`^handed back: ${id} `));

    const left = async (): Promise<boolean> => (await entries()).some((entry) => [id, other.id].includes(entry.id));
    await waitFor("neither to be left", async () => !(await left()));
    expect(state.let.filter((each) => each === deal || each === other.deal)).to.deep.equal([deal]);
  });

  it("are nobody's business but the operator's and the owner's", async function () {
    const stranger = client(REQUESTER);
    const asks = [stranger.quarantine(), stranger.retryEvent("1-2-3"), stranger.dropEvent("1-2-3")];
    expect(await Promise.all(asks.map((ask) => refusal(ask)))).to.deep.equal(asks.map(() => "GM_NOT_ALLOWED"));
  });
});
