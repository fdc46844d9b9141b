import { expect } from "chai";
import type { JsonRpcApiProvider } from "ethers";

import { connectChain } from "../../../chain/rpc.ts";
import type { ChainOptions } from "../../../chain/rpc.ts";
import { startRpcServer } from "../../support/chain/rpc-server.ts";
import type { Behaviour, RpcServer } from "../../support/chain/rpc-server.ts";

const CHAIN = 31_337;
const QUICK = { chainId: CHAIN, timeoutMs: 250, rounds: 2, backoffMs: 1 };

const codeOf = (error: { code: string }): string => error.code;

/** A connection that ends with the block. */
async function connect(
  servers: readonly RpcServer[],
  options: Partial<ChainOptions> = {},
): Promise<Disposable & { readonly provider: JsonRpcApiProvider }> {
  const provider = await connectChain({ ...QUICK, rpcUrls: servers.map(({ url }) => url), ...options });
  return { provider, [Symbol.dispose]: () => provider.destroy() };
}

describe("connectChain", function () {
  it("sends calls that are made together as one batch", async function () {
    await using server = await startRpcServer();
    using connected = await connect([server]);
    const { provider } = connected;

    const answers: unknown[] = await Promise.all([provider.send("test_a", []), provider.send("test_b", [])]);

    expect(answers).to.deep.equal(["test_a", "test_b"]);
    expect(server.batches.at(-1)).to.deep.equal(["test_a", "test_b"]);
  });

  it("refuses to start when all of its nodes that answer serve another chain", async function () {
    await using wrong = await startRpcServer(1);
    await using other = await startRpcServer(2);

    expect(await connect([wrong, other]).catch(codeOf)).to.equal("GM_WRONG_CHAIN");
  });

  it("asks a node of another chain nothing, and says so, even when it is only the second", async function () {
    await using right = await startRpcServer();
    await using wrong = await startRpcServer(1);
    const told: unknown[] = [];
    const onFailure = (node: string, error: unknown): void => void told.push([node, codeOf(error as { code: string })]);

    using connected = await connect([right, wrong], { onFailure });
    right.behave("breaks off");

    expect(await connected.provider.send("test_a", []).catch(codeOf)).to.equal("GM_CHAIN_UNREACHABLE");
    expect(wrong.batches.flat()).to.not.include("test_a");
    expect(told).to.deep.include([wrong.url, "GM_WRONG_CHAIN"]);
  });

  it("starts while one of its nodes is down", async function () {
    await using up = await startRpcServer();
    await using down = await startRpcServer();
    down.behave("breaks off");

    using connected = await connect([down, up]);

    expect(await connected.provider.getBlockNumber()).to.equal(7);
  });

  it("does not start when no node answers", async function () {
    await using down = await startRpcServer();
    down.behave("breaks off");

    expect(await connect([down]).catch(codeOf)).to.equal("GM_CHAIN_UNREACHABLE");
  });

  const failures: readonly Behaviour[] = [
    "hangs",
    "breaks off",
    "sends HTTP 500",
    "sends HTTP 429",
    "sends garbage",
    "leaves one out",
  ];
  for (const failure of failures) {
    describe(`given a node that ${failure}`, function () {
      it("goes to the next one, stays there, and reports it", async function () {
        await using first = await startRpcServer();
        await using second = await startRpcServer();
        const reported: string[] = [];
        using connected = await connect([first, second], { onFailure: (url) => reported.push(url) });
        first.behave(failure);
        const { provider } = connected;

        const answers: unknown[] = await Promise.all([provider.send("test_a", []), provider.send("test_b", [])]);
        await provider.send("test_c", []);

        expect(answers).to.deep.equal(["test_a", "test_b"]);
        expect(reported).to.deep.equal([first.url]);
      });

      it("never makes up an answer", async function () {
        await using server = await startRpcServer();
        using connected = await connect([server]);
        server.behave(failure);

        const failed: unknown = await connected.provider.send("eth_getBalance", []).catch((error: unknown) => error);

        expect(failed).to.include({ code: "GM_CHAIN_UNREACHABLE", retryable: true });
      });
    });
  }

  it("tries all nodes again after a pause", async function () {
    await using server = await startRpcServer();
    using connected = await connect([server], { onFailure: () => server.behave("answers") });
    server.behave("breaks off");

    expect(await connected.provider.send("test_a", [])).to.equal("test_a");
  });

  it("passes on what a node refuses, and asks no other", async function () {
    await using first = await startRpcServer();
    await using second = await startRpcServer();
    using connected = await connect([first, second]);

    const failure: unknown = await connected.provider.send("test_refused", []).catch(codeOf);

    expect(failure).to.equal("UNKNOWN_ERROR");
    expect(second.batches.flat()).not.to.include("test_refused");
  });

  it("asks a node that was away which chain it serves before it trusts it again", async function () {
    await using server = await startRpcServer();
    using connected = await connect([server]);
    server.behave("breaks off");
    await connected.provider.send("test_a", []).catch(() => {});
    server.behave("answers");
    server.serve(1);

    expect(await connected.provider.send("test_a", []).catch(codeOf)).to.equal("GM_WRONG_CHAIN");
  });

  it("ends what is under way when it is destroyed", async function () {
    await using server = await startRpcServer();
    using connected = await connect([server], { timeoutMs: 60_000 });
    server.behave("hangs");
    const asked: Promise<unknown> = connected.provider.send("test_a", []).catch((error: unknown) => error);
    while (server.batches.at(-1)?.[0] !== "test_a") await new Promise((resolve) => setImmediate(resolve));

    connected.provider.destroy();

    expect(await asked).to.be.instanceOf(Error);
  });
});
