import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";
import { ContractFactory } from "ethers";
import type { ContractTransactionResponse, InterfaceAbi } from "ethers";
import { pino } from "pino";

import { startMarket } from "../../market/start-market.ts";
import type { RemoteError } from "../../protocol/errors.ts";
import type { Address, Hash, Hex } from "../../protocol/primitives.ts";
import { bestOffer, createMarketClient } from "../../sdk/market-client.ts";
import type { MarketClient } from "../../sdk/market-client.ts";
import { inSuite } from "../support/in-suite.ts";
import { APP_ORDER, POOL_ORDER, REQUEST_ORDER } from "../support/market-orders.ts";
import { fresh, openMarketWorld, openPostgresWorld } from "../support/market-world.ts";
import type { MarketWorld } from "../support/market-world.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const statusOf = async (client: MarketClient, kind: "app" | "pool" | "request", hash: Hash): Promise<string> =>
  (await client.order(kind, hash)).status;

/** Posts three orders that fit and returns their hashes and a function that matches them. */
async function postMatching(world: MarketWorld) {
  const { client, actors, calls } = world;
  const requester = actors.requester.address;
  const { hash: paramsHash } = await client.putParams(JSON.stringify({ version: 1 }));
  const parties = { requester, payer: requester, beneficiary: requester };
  const app = await client.postOrder(
    "app",
    await world.sign("appOwner", "app", { ...APP_ORDER, salt: fresh(), volume: 2n }),
  );
  const pool = await client.postOrder(
    "pool",
    await world.sign("poolOwner", "pool", { ...POOL_ORDER, salt: fresh(), volume: 2n }),
  );
  const order = { ...REQUEST_ORDER, ...parties, paramsHash, nonce: BigInt(fresh()) };
  const request = await world.sign("requester", "request", order);
  const posted = await client.postOrder("request", request);
  const match = async (): Promise<void> => {
    const offer = bestOffer(await client.quote({ app: 1n, category: 1, volume: 2, trust: 3 }));
    await world.send("stranger", calls.matchOrders({ app: offer.app, pool: offer.pool, request }));
  };
  return { app: app.hash, pool: pool.hash, request: posted.hash, match };
}

describe("market and chain", function () {
  this.timeout(60_000);

  describe("given a reorganisation", function () {
    const world = inSuite(() => openMarketWorld());

    it("takes a deal back that the chain forgot, and opens its orders again", async function () {
      const { client, provider } = world();
      const { app, pool, request, match } = await postMatching(world());
      const before = await provider.getBlockNumber();
      await match();
      await waitFor("the deal", async () => (await client.deals()).items.length === 1);
      await waitFor("the used orders", async () => (await statusOf(client, "pool", pool)) === "filled");
      const depth = (await provider.getBlockNumber()) - before;

      await provider.send("anvil_rollback", [depth]);
      await provider.send("anvil_mine", [depth + 2]);

      await waitFor("no deal", async () => (await client.deals()).items.length === 0);
      for (const [kind, hash] of [
        ["app", app],
        ["pool", pool],
        ["request", request],
      ] as const) {
        await waitFor(`the ${kind} order`, async () => (await statusOf(client, kind, hash)) === "active");
      }
    });

    it("opens the deal again when it is matched on the new branch", async function () {
      world().actors.stranger.sender.reset();
      const { match, request } = await postMatching(world());

      await match();

      await waitFor("the deal", async () => (await world().client.deals()).items.length === 1);
      await waitFor("the request", async () => (await statusOf(world().client, "request", request)) === "filled");
    });
  });

  describe("given time that passes", function () {
    const world = inSuite(() => openMarketWorld());

    it("expires orders by the chain's time, one second after their expiry", async function () {
      const { client, provider } = world();
      const block = await provider.getBlock("latest");
      const expiry = block!.timestamp + 1_000;
      const post = async (at: number): Promise<Hash> =>
        (
          await client.postOrder(
            "app",
            await world().sign("appOwner", "app", { ...APP_ORDER, salt: fresh(), expiry: at }),
          )
        ).hash;
      const [first, second] = [await post(expiry), await post(expiry + 1_000)];

      await provider.send("evm_setNextBlockTimestamp", [expiry]);
      await provider.send("evm_mine", []);
      const atExpiry = await statusOf(client, "app", first);
      await provider.send("evm_setNextBlockTimestamp", [expiry + 500]);
      await provider.send("evm_mine", []);

      expect(atExpiry).to.equal("active");
      await waitFor("the first to expire", async () => (await statusOf(client, "app", first)) === "expired");
      expect(await statusOf(client, "app", second)).to.equal("active");
    });
  });

  describe("given an account that is a contract", function () {
    const world = inSuite(() => openMarketWorld());

    it("takes what the contract accepts by ERC-1271 within its gas, and refuses the rest", async function () {
      const { actors, calls, client } = world();
      const wallet = await deployWallet(world());
      await world().send("appOwner", calls.transferAsset("app", 1n, actors.appOwner.address, wallet.address));
      const post = async (signature: Hex): Promise<string> =>
        client.postOrder("app", { order: { ...APP_ORDER, salt: fresh() }, signature }).then(
          (order) => order.status,
          (error: RemoteError) => error.code,
        );

      const answers: Record<string, string> = { "another signature": await post("0x1234") };
      for (const mode of MODES) {
        await wallet.setMode(mode);
        answers[mode] = await post(PASSWORD);
      }

      expect(answers).to.deep.equal({
        "another signature": "GM_ORDER_SIGNATURE",
        ACCEPT: "active",
        REJECT: "GM_ORDER_SIGNATURE",
        REVERT: "GM_ORDER_SIGNATURE",
        BURN_GAS: "GM_ORDER_SIGNATURE",
        RETURN_BOMB: "active",
        SHORT_RETURN: "GM_ORDER_SIGNATURE",
        DIRTY_RETURN: "GM_ORDER_SIGNATURE",
      });
    });
  });

  describe("given several processes on one PostgreSQL", function () {
    const world = inSuite(openPostgresWorld);

    it("shows at one what was posted at another, and goes on following when the leader stops", async function () {
      const { market, rpcUrl, deploymentFile, calls } = world();
      const config = {
        rpcUrls: [rpcUrl],
        deploymentFile,
        confirmations: 0,
        host: "127.0.0.1",
        port: 0,
        rateLimit: 10_000,
        proxies: [],
        logLevel: "silent",
      };
      const database = { kind: "postgres", url: world().postgres.url } as const;
      await using second = await startMarket({ ...config, database }, pino({ level: "silent" }));
      const client = createMarketClient({ url: second.url });
      const { hash } = await world().client.postOrder(
        "app",
        await world().sign("appOwner", "app", { ...APP_ORDER, salt: fresh() }),
      );
      const seenAtOther = await statusOf(client, "app", hash);

      await market.stop();
      await world().send("appOwner", calls.cancelAllAsks());

      expect(seenAtOther).to.equal("active");
      await waitFor("the second to follow", async () => (await statusOf(client, "app", hash)) === "cancelled");
    });
  });

  describe("as a process", function () {
    const world = inSuite(() => openMarketWorld());
    const main = join(import.meta.dirname, "../../market/main.ts");

    const start = (env: NodeJS.ProcessEnv): ChildProcess =>
      spawn(process.execPath, [main], { env, stdio: ["ignore", "pipe", "pipe"] });

    async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
      const parts: string[] = [];
      for await (const part of stream) parts.push(String(part));
      return parts.join("");
    }

    async function readyUrl(child: ChildProcess): Promise<string> {
      for await (const chunk of child.stdout!) {
        const line = String(chunk)
          .split("\n")
          .find((each) => each.includes('"ready"'));
        if (line) return (JSON.parse(line) as { url: string }).url;
      }
      throw new Error(`it ended before it was ready: ${await textOf(child.stderr!)}`);
    }

    it("keeps its book over a restart and hears what happened meanwhile", async function () {
      await using folder = await tempDir();
      const env = {
        GRIDMILL_RPC_URLS: world().rpcUrl,
        GRIDMILL_DEPLOYMENT: world().deploymentFile,
        GRIDMILL_DATA: join(folder.path, "market"),
        GRIDMILL_PORT: "0",
      };
      const first = start(env);
      const client = createMarketClient({ url: await readyUrl(first) });
      const order = await world().sign("appOwner", "app", { ...APP_ORDER, salt: fresh() });
      const { hash } = await client.postOrder("app", order);
      first.kill("SIGTERM");
      const [code] = (await once(first, "exit")) as [number];

      await world().send("appOwner", world().calls.cancelOrder("app", order.order));
      const second = start(env);
      const again = createMarketClient({ url: await readyUrl(second) });

      expect(code).to.equal(0);
      await waitFor("the cancelled order", async () => (await statusOf(again, "app", hash)) === "cancelled");
      second.kill("SIGKILL");
      await once(second, "exit");
    });

    it("says every fault of its configuration and starts nothing", async function () {
      const child = start({ GRIDMILL_RPC_URLS: "nope", GRIDMILL_CONFIRMATIONS: "-1" });
      const [text, [code]] = await Promise.all([textOf(child.stderr!), once(child, "exit") as Promise<[number]>]);

      expect(code).to.equal(1);
      expect(text).to.match(/^GM_BAD_CONFIG: /);
      for (const name of ["RPC_URLS", "CONFIRMATIONS", "DEPLOYMENT", "DATA"])
        expect(text).to.contain(`GRIDMILL_${name}`);
    });
  });
});

/** As in WalletMock. */
const MODES = ["ACCEPT", "REJECT", "REVERT", "BURN_GAS", "RETURN_BOMB", "SHORT_RETURN", "DIRTY_RETURN"] as const;
const PASSWORD = "0x70617373";
const ARTIFACT = join(import.meta.dirname, "../../artifacts/contracts/mocks/WalletMock.sol/WalletMock.json");

/** A contract wallet that accepts {@link PASSWORD} as its signature. */
async function deployWallet({ actors }: MarketWorld): Promise<{
  readonly address: Address;
  readonly setMode: (mode: (typeof MODES)[number]) => Promise<void>;
}> {
  const { abi, bytecode } = JSON.parse(await readFile(ARTIFACT, "utf8")) as { abi: InterfaceAbi; bytecode: string };
  const wallet = await new ContractFactory(abi, bytecode, actors.stranger.sender).deploy();
  const call = async (method: string, argument: unknown): Promise<void> => {
    const sent = (await wallet.getFunction(method)(argument)) as ContractTransactionResponse;
    await sent.wait();
  };
  await call("setPassword", PASSWORD);
  return {
    address: (await wallet.getAddress()).toLowerCase() as Address,
    setMode: (mode) => call("setMode", MODES.indexOf(mode)),
  };
}
