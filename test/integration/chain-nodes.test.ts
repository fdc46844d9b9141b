import { expect } from "chai";

import { createEventSource } from "../../chain/event-source.ts";
import { watchEvents } from "../../chain/event-watcher.ts";
import { createChainReader } from "../../chain/reader.ts";
import { postOverHttp } from "../../chain/node/http-post.ts";
import { postByFetch } from "../../chain/post.ts";
import { connectChain } from "../../chain/rpc.ts";
import type { ChainOptions, ChainProvider } from "../../chain/rpc.ts";
import { createSenderChain } from "../../chain/sender-chain.ts";
import { codeOf } from "../../protocol/errors.ts";
import type { Address } from "../../protocol/primitives.ts";
import { startFaultyNode } from "../support/chain/faulty-node.ts";
import type { Fault, FaultyNode } from "../support/chain/faulty-node.ts";
import { startGrid } from "../support/chain/grid.ts";
import { createMemoryCheckpoint } from "../support/chain/memory-checkpoint.ts";
import { inSuite } from "../support/in-suite.ts";
import { waitFor } from "../support/wait-for.ts";

const QUICK = { chainId: 31_337, timeoutMs: 1_000, rounds: 2, backoffMs: 1, compareMs: 20 };

/** A connection over faulty nodes, which goes with the block. */
type Connected = AsyncDisposable & {
  readonly provider: ChainProvider;
  readonly nodes: readonly FaultyNode[];
  /** Codes of what was said of each node, by its place. */
  readonly told: readonly (readonly [node: number, code: string])[];
};

describe("services, over nodes that misbehave", function () {
  this.timeout(30_000);
  const grid = inSuite(startGrid);
  const ownerOf = (index: number): Address => grid().wallet(index).address.toLowerCase() as Address;

  before(async function () {
    await using owner = grid().sender(1);
    await owner.send("pool", grid().calls.registerPool(ownerOf(1), "first"));
  });

  /** Each node may misbehave before anybody connects. */
  async function connect(
    faults: readonly (Fault | undefined)[],
    options: Partial<ChainOptions> = {},
  ): Promise<Connected> {
    const nodes = await Promise.all(faults.map(() => startFaultyNode(grid().url)));
    for (const [index, fault] of faults.entries()) if (fault) nodes[index]!.misbehave(fault);
    const told: [number, string][] = [];
    const rpcUrls = nodes.map(({ url }) => url);
    const onFailure = (url: string, error: unknown): void => void told.push([rpcUrls.indexOf(url), codeOf(error)]);
    const stack = new AsyncDisposableStack();
    for (const node of nodes) stack.use(node);
    try {
      const provider = await connectChain({ ...QUICK, rpcUrls, onFailure, ...options });
      stack.defer(() => provider.destroy());
      return { provider, nodes, told, [Symbol.asyncDispose]: () => stack.disposeAsync() };
    } catch (error) {
      await stack.disposeAsync();
      throw error;
    }
  }

  const head = async (): Promise<number> => (await grid().reader.head()).number;
  const rename = async (name: string): Promise<void> => {
    await using owner = grid().sender(1);
    await owner.send(name, grid().calls.setPoolEndpoint(1n, name));
  };

  const faults = ["drops", "drops answer", "breaks off", "garbage", "limits", { lie: "nonsense" }] as const;
  for (const [fault, post] of faults.flatMap((each) => [postByFetch, postOverHttp].map((by) => [each, by] as const))) {
    const name = typeof fault === "string" ? fault : fault.lie;

    it(`${name}, ${post.name}: the next node is asked, with the same answers`, async function () {
      await using connected = await connect([undefined, undefined], { post });
      const [first] = connected.nodes;
      first!.misbehave(fault);
      const reader = createChainReader(connected.provider, grid().deployment);

      const pool = await reader.poolOf(1n);

      expect(pool).to.deep.equal(await grid().reader.poolOf(1n));
      expect(first!.counts.get(name)).to.be.greaterThan(0);
      expect(connected.told.every(([node]) => node === 0)).to.equal(true);
    });

    it(`${name}, ${post.name}: a single node that does so for ever has said nothing`, async function () {
      await using connected = await connect([undefined], { post });
      connected.nodes[0]!.misbehave(fault);
      const reader = createChainReader(connected.provider, grid().deployment);

      const said = await reader.accountOf(ownerOf(1)).catch((error: unknown) => error);

      expect(said).to.include({ code: "GM_CHAIN_UNREACHABLE", retryable: true });
    });
  }

  it("reorders: each question has its own answer", async function () {
    await using connected = await connect(["reorders"]);
    const reader = createChainReader(connected.provider, grid().deployment);

    const [pool, account] = await Promise.all([reader.poolOf(1n), reader.accountOf(ownerOf(0))]);

    expect(pool).to.deep.equal(await grid().reader.poolOf(1n));
    expect(account).to.deep.equal(await grid().reader.accountOf(ownerOf(0)));
    expect(connected.nodes[0]!.counts.get("reorders")).to.be.greaterThan(0);
  });

  it("limits: a single node that asks for a rest is left alone until then", async function () {
    await using connected = await connect([undefined], { timeoutMs: 5_000 });
    const [node] = connected.nodes;
    node!.misbehave("limits", { times: 1 });
    const began = performance.now();

    await connected.provider.send("eth_blockNumber", []);

    expect(performance.now() - began).to.be.greaterThan(900);
    expect(node!.counts.get("limits")).to.equal(1);
  });

  it("lags: the node is left out, said to be so once, and used again when it has caught up", async function () {
    await grid().mine(10);
    const behind = { lie: "lags", head: (await head()) - 4 } as const;
    await using connected = await connect([behind, undefined]);
    const [lagging, other] = connected.nodes;

    expect(await connected.provider.getBlockNumber()).to.be.at.least(behind.head + 4);
    await waitFor("comparisons", () => (lagging!.asked.get("eth_blockNumber") ?? 0) > 5, { everyMs: 5 });
    expect(connected.told).to.deep.equal([[0, "GM_NODE_LAGS"]]);

    lagging!.mend();
    other!.misbehave("drops");
    await waitFor("its use", () => connected.provider.getBlockNumber(), { everyMs: 5 });
  });

  it("lags: a node that is as far behind as it may be is used", async function () {
    await grid().mine(10);
    const behind = { lie: "lags", head: await head() } as const;
    await using connected = await connect([behind, undefined], { maxLag: 1_000 });

    await grid().mine(1);

    expect(await connected.provider.getBlockNumber()).to.equal(behind.head);
    expect(connected.told).to.deep.equal([]);
  });

  it("ahead: of three nodes, the one that makes up a head misleads nobody", async function () {
    await using connected = await connect([undefined, undefined, { lie: "ahead", by: 1_000_000 }]);

    expect(await connected.provider.getBlockNumber()).to.be.lessThan(1_000_000);
    expect(connected.told).to.deep.equal([]);
  });

  it("other chain: the node is left out with the reason, at the start and later", async function () {
    await using connected = await connect([{ lie: "other chain", chainId: 1 }, undefined]);
    const [wrong] = connected.nodes;

    expect(await connected.provider.getBlockNumber()).to.be.greaterThan(0);
    await waitFor("comparisons", () => (wrong!.asked.get("eth_chainId") ?? 0) > 3, { everyMs: 5 });

    expect(connected.told).to.deep.equal([[0, "GM_WRONG_CHAIN"]]);
    expect(wrong!.asked.get("eth_blockNumber")).to.equal(undefined);
  });

  it("other chain: nodes that all serve another are a mistake", async function () {
    const wrong: Fault = { lie: "other chain", chainId: 1 };

    expect(await connect([wrong, wrong]).catch(codeOf)).to.equal("GM_WRONG_CHAIN");
  });

  it("range: every event is read in ranges that the node takes", async function () {
    await using connected = await connect([{ lie: "range", most: 3 }]);
    await rename("near");
    await grid().mine(40);

    const heard = await heardBy(connected, async () => {
      await rename("far");
      return "far";
    });

    expect(heard.slice(-2)).to.deep.equal(["near", "far"]);
    expect(connected.nodes[0]!.counts.get("range")).to.be.greaterThan(0);
  });

  it("keeps back: what a node does not tell of a block is noticed, and another is asked", async function () {
    await using connected = await connect([{ lie: "keeps back" }, undefined]);

    const heard = await heardBy(connected, async () => {
      await rename("kept back");
      return "kept back";
    });

    expect(heard.at(-1)).to.equal("kept back");
    expect(connected.told).to.deep.include([0, "GM_NODE_LIES"]);
  });

  it("keeps back: a single node that does so is complained of, and nothing is passed over", async function () {
    await using connected = await connect([undefined]);
    const [node] = connected.nodes;

    const heard = await heardBy(connected, async () => {
      node!.misbehave({ lie: "keeps back" });
      await rename("told late");
      await waitFor("the complaint", () => connected.told.length > 0, { everyMs: 5 });
      node!.mend();
      return "told late";
    });

    expect(heard.at(-1)).to.equal("told late");
  });

  it("swallows: a transaction that a node has only pretended to take is sent again", async function () {
    await using connected = await connect([{ lie: "swallows" }]);
    const [node] = connected.nodes;
    await using owner = grid().sender(1, { chain: createSenderChain(connected.provider) });

    const sent = owner.send("swallowed", grid().calls.setPoolEndpoint(1n, "swallowed"));
    await waitFor("it", () => node!.counts.get("swallows"), { everyMs: 5 });
    node!.mend();
    await sent;

    expect((await grid().reader.poolOf(1n))?.endpoint).to.equal("swallowed");
  });

  it("drops answer: a transaction whose answer is lost is sent once all the same", async function () {
    await using connected = await connect([undefined]);
    const [node] = connected.nodes;
    const errors: unknown[] = [];
    const onError = (error: unknown): void => void errors.push(error);
    await using owner = grid().sender(1, { chain: createSenderChain(connected.provider), onError });
    node!.misbehave("drops answer", { methods: ["eth_sendRawTransaction"], times: 4 });
    const nonceBefore = await grid().provider.getTransactionCount(ownerOf(1));

    await owner.send("once", grid().calls.setPoolEndpoint(1n, "once"));

    expect(await grid().provider.getTransactionCount(ownerOf(1))).to.equal(nonceBefore + 1);
    expect(node!.counts.get("drops answer")).to.be.greaterThan(0);
  });

  /** The pool's names that a watcher hears, up to the one that `act` gives. */
  async function heardBy({ provider }: Connected, act: () => Promise<string>): Promise<readonly string[]> {
    const heard: string[] = [];
    const stop = new AbortController();
    const watch = watchEvents(
      {
        source: createEventSource({ provider, deployment: grid().deployment, kinds: ["PoolEndpointChanged"] }),
        checkpoint: createMemoryCheckpoint(),
        startBlock: grid().deployment.block,
        confirmations: 0,
        pollMs: 5,
        onEvent: async (event) => void (event.kind === "PoolEndpointChanged" && heard.push(event.endpoint)),
        onRewind: async () => {},
        onPoison: async () => {},
        onError: () => {},
      },
      stop.signal,
    );
    const last = await act();
    await waitFor(`the event of ${last}`, () => heard.includes(last), { everyMs: 5 });
    stop.abort();
    await watch;
    return heard;
  }
});
