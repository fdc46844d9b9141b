import { expect } from "chai";
import { id as hashOf } from "ethers";

import { createEventDecoder, findEvent } from "../../chain/events.ts";
import { createChainReader, coverOf } from "../../chain/reader.ts";
import { connectChain } from "../../chain/rpc.ts";
import { signOrder } from "../../chain/sign.ts";
import { UNBONDING_SECONDS } from "../../protocol/constants.ts";
import { dealIdOf } from "../../protocol/deal.ts";
import { orderHash } from "../../protocol/orders.ts";
import type { AppOrder, PoolOrder, RequestOrder } from "../../protocol/orders.ts";
import { UNLIMITED, ZERO_ADDRESS, ZERO_HASH } from "../../protocol/primitives.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import { startGrid } from "../support/chain/grid.ts";
import { inSuite } from "../support/in-suite.ts";

const DIGEST = hashOf("an image") as Hash;
const codeOf = (error: { code: string }): string => error.code;

describe("chain reader, on Anvil", function () {
  this.timeout(30_000);
  const grid = inSuite(startGrid);
  const addressOf = (index: number): Address => grid().wallet(index).address.toLowerCase() as Address;

  it("knows the newest block, and older ones", async function () {
    const { reader } = grid();

    const head = await reader.head();

    expect(await reader.now()).to.equal((await reader.block(head.number))?.timestamp);
    expect((await reader.at(head.number - 1).head()).number).to.equal(head.number - 1);
    expect(await reader.block(head.number + 1_000)).to.equal(undefined);
  });

  it("finds nothing where nothing is", async function () {
    const { reader } = grid();

    const assets = await Promise.all([reader.appOf(99n), reader.datasetOf(99n), reader.poolOf(99n)]);

    expect(assets).to.deep.equal([undefined, undefined, undefined]);
    expect(await reader.ownerOf("app", 99n)).to.equal(undefined);
    expect(await reader.dealState(ZERO_HASH)).to.deep.equal({ open: false, closed: 0 });
    expect(await reader.epochOf(1n, 0)).to.include({ jointHash: ZERO_HASH, epoch: 0, settled: false });
  });

  it("reads assets as they were registered, and changed", async function () {
    const { reader, calls, sender } = grid();
    await using owner = sender(1);
    await owner.send("app", calls.registerApp("registry.example/render", DIGEST));
    await owner.send("dataset", calls.registerDataset("https://data.example/set", DIGEST, true));
    await owner.send("pool", calls.registerPool(addressOf(2), "https://pool.example"));
    await owner.send("endpoint", calls.setPoolEndpoint(1n, "https://new.example"));
    await owner.send("sale", calls.transferAsset("app", 1n, addressOf(1), addressOf(3)));

    const [app, dataset, pool] = await Promise.all([reader.appOf(1n), reader.datasetOf(1n), reader.poolOf(1n)]);

    expect(app).to.deep.equal({ id: 1n, owner: addressOf(3), reference: "registry.example/render", digest: DIGEST });
    expect(dataset).to.include({ owner: addressOf(1), digest: DIGEST, encrypted: true });
    expect(pool).to.include({ owner: addressOf(1), operator: addressOf(2), endpoint: "https://new.example" });
    expect(await reader.ownerOf("app", 1n)).to.equal(addressOf(3));
  });

  it("reads an account's money, and a worker's bond with its cover", async function () {
    const { reader, calls, sender } = grid();
    await using holder = sender(0);
    await using worker = sender(4);
    await holder.send("allow", calls.allowDeposit(100n));
    await holder.send("deposit", calls.depositFor(addressOf(4), 90n));
    await worker.send("bond", calls.bond(50n));
    await worker.send("unbond", calls.unbond(20n));

    const [account, bond, now] = await Promise.all([
      reader.accountOf(addressOf(4)),
      reader.workerOf(addressOf(4)),
      reader.now(),
    ]);

    expect(account).to.include({ available: 40n, locked: 50n, token: 0n, allowance: 0n });
    expect((await reader.accountOf(addressOf(0))).allowance).to.equal(10n);
    expect(account.native > 0n).to.equal(true);
    expect(bond).to.deep.equal({ bonded: 30n, unbonding: 20n, readyAt: now + UNBONDING_SECONDS, score: 0 });
    expect(coverOf(bond, bond.readyAt - 3_601)).to.equal(50n);
    expect(coverOf(bond, bond.readyAt - 3_600)).to.equal(30n);
  });

  it("follows orders from signature to deal", async function () {
    const { reader, calls, sender, wallet } = grid();
    const decoder = createEventDecoder(reader.deployment);
    await using requester = sender(5);
    await using provider = sender(6);
    await using holder = sender(0);
    const registered = await provider.send("app", calls.registerApp("registry.example/app", DIGEST));
    const opened = await provider.send("pool", calls.registerPool(addressOf(6), "https://pool.example"));
    const app = findEvent(decoder, registered.logs, "AppRegistered")!.id;
    const pool = findEvent(decoder, opened.logs, "PoolRegistered")!.id;
    await holder.send("allow more", calls.allowDeposit(10_000n));
    await holder.send("fund", calls.depositFor(addressOf(5), 5_000n));
    await holder.send("stake", calls.depositFor(addressOf(6), 5_000n));

    const expiry = (await reader.now()) + 3_600;
    const ask = { price: 100n, expiry, counter: 0n, salt: ZERO_HASH, onlyRequester: ZERO_ADDRESS };
    const appOrder: AppOrder = { app, ...ask, volume: 10n, onlyDataset: 0n, onlyPool: 0n };
    const terms = { category: 0, maxTrust: 10, capabilities: ZERO_HASH, lane: 1, workerStake: 100, grace: 0 };
    const limits = { schedulerShare: 1_000, volume: UNLIMITED, onlyApp: 0n, onlyDataset: 0n };
    const poolOrder: PoolOrder = { pool, ...ask, ...terms, ...limits };
    const parties = { requester: addressOf(5), payer: addressOf(5), beneficiary: addressOf(5), callback: ZERO_ADDRESS };
    const prices = { maxAppPrice: 100n, maxDatasetPrice: 0n, maxPoolPrice: 100n };
    const wants = { trust: 2, maxWeight: 16, category: 0, requirements: ZERO_HASH, paramsHash: DIGEST, volume: 3 };
    const request: RequestOrder = { app, dataset: 0n, pool, ...prices, ...parties, ...wants, nonce: 7n, expiry };
    const domain = reader.orderDomain;

    await provider.send("approve", calls.approveOrder("pool", poolOrder));
    const match = calls.matchOrders({
      app: { order: appOrder, signature: await signOrder("app", appOrder, wallet(6), domain) },
      pool: { order: poolOrder, signature: "0x" },
      request: { order: request, signature: await signOrder("request", request, wallet(5), domain) },
    });
    const { logs } = await requester.send("match", match);

    const { deal, dealId } = findEvent(decoder, logs, "DealOpened")!;
    expect(dealIdOf(deal)).to.equal(dealId);
    expect(await reader.dealState(dealId)).to.deep.equal({ open: true, closed: 0 });
    expect(await reader.isClosed(dealId, 0)).to.equal(false);
    expect(await reader.approved(addressOf(6), orderHash("pool", poolOrder, domain))).to.equal(true);
    expect(await reader.consumed(addressOf(6), orderHash("app", appOrder, domain))).to.equal(3n);
    expect(await reader.nonceUsed(addressOf(5), 7n)).to.equal(true);
    expect(await reader.nonceUsed(addressOf(5), 8n)).to.equal(false);

    expect(await requester.send("match again", match).catch(codeOf)).to.equal("GM_ORDER_REPLAYED");
    await provider.send("cancel", calls.cancelOrder("app", appOrder));
    expect(await reader.consumed(addressOf(6), orderHash("app", appOrder, domain))).to.equal(UNLIMITED);
    await provider.send("cancel all", calls.cancelAllAsks());
    expect(await reader.counterOf(addressOf(6))).to.equal(1n);
  });

  it("maps a contract's refusal before anything is sent", async function () {
    const { calls, sender } = grid();
    await using stranger = sender(8);

    const refusals = await Promise.all([
      stranger.send("1", calls.setPoolOperator(1n, addressOf(8))).catch(codeOf),
      stranger.send("2", calls.withdraw(1n)).catch(codeOf),
      stranger.send("3", calls.seal(1n, 0, [])).catch(codeOf),
      stranger.send("4", calls.withdrawBond()).catch(codeOf),
    ]);

    expect(refusals).to.deep.equal(["GM_NOT_OWNER", "GM_NO_FUNDS", "GM_NOT_OWNER", "GM_CHAIN_REVERTED"]);
    expect(await grid().provider.getTransactionCount(addressOf(8))).to.equal(0);
  });

  it("says that there is no Gridmill at an address without one", async function () {
    const { provider, deployment } = grid();
    const contracts = { ...deployment.contracts, hub: addressOf(9), appRegistry: addressOf(9) };
    const reader = createChainReader(provider, { ...deployment, contracts });

    expect(await reader.workerOf(addressOf(0)).catch(codeOf)).to.equal("GM_NOT_DEPLOYED");
    expect(await reader.appOf(1n).catch(codeOf)).to.equal("GM_NOT_DEPLOYED");
  });

  it("never takes a node's silence for a balance", async function () {
    const { url, deployment } = grid();
    const provider = await connectChain({ rpcUrls: [url], chainId: deployment.chainId });
    const reader = createChainReader(provider, deployment);
    provider.destroy();

    expect(await reader.accountOf(addressOf(0)).catch(codeOf)).to.equal("GM_CHAIN_UNREACHABLE");
  });
});
