import { expect } from "chai";

import { MILL } from "../../protocol/amounts.ts";
import { RemoteError } from "../../protocol/errors.ts";
import type { BookOrder } from "../../protocol/market-api.ts";
import { orderHash } from "../../protocol/orders.ts";
import type { AppOrder, OrderByKind, OrderKind, PoolOrder, RequestOrder, Signed } from "../../protocol/orders.ts";
import { paramsHashOf } from "../../protocol/params.ts";
import { UNLIMITED } from "../../protocol/primitives.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import { bestOffer } from "../../sdk/market-client.ts";
import { inSuite } from "../support/in-suite.ts";
import { APP_ORDER, DATASET_ORDER, POOL_ORDER, REQUEST_ORDER } from "../support/market-orders.ts";
import { DEPOSIT, fresh, openMarketWorld, openPostgresWorld } from "../support/market-world.ts";
import type { MarketWorld } from "../support/market-world.ts";
import { waitFor } from "../support/wait-for.ts";

const PARAMS = JSON.stringify({ version: 1, args: ["hello"] });

/** Everything that the market promises, on one database. */
function behavesAsMarket(open: () => Promise<MarketWorld>): void {
  const world = inSuite(open);

  async function postApp(changes: Partial<AppOrder> = {}): Promise<Signed<AppOrder>> {
    const signed = await world().sign("appOwner", "app", { ...APP_ORDER, salt: fresh(), ...changes });
    await world().client.postOrder("app", signed);
    return signed;
  }

  async function postPool(changes: Partial<PoolOrder> = {}): Promise<Signed<PoolOrder>> {
    const signed = await world().sign("poolOwner", "pool", { ...POOL_ORDER, salt: fresh(), ...changes });
    await world().client.postOrder("pool", signed);
    return signed;
  }

  async function signRequest(changes: Partial<RequestOrder> = {}): Promise<Signed<RequestOrder>> {
    const { address } = world().actors.requester;
    const { hash } = await world().client.putParams(PARAMS);
    const parties = { requester: address, payer: address, beneficiary: address };
    const order = { ...REQUEST_ORDER, ...parties, paramsHash: hash, nonce: BigInt(fresh()), ...changes };
    return world().sign("requester", "request", order);
  }

  async function postRequest(changes: Partial<RequestOrder> = {}): Promise<Signed<RequestOrder>> {
    const signed = await signRequest(changes);
    await world().client.postOrder("request", signed);
    return signed;
  }

  const hashOf = <K extends OrderKind>(kind: K, { order }: Signed<OrderByKind[K]>): Hash =>
    orderHash(kind, order, world().domain);

  async function until(kind: OrderKind, hash: Hash, status: string, reason?: string): Promise<BookOrder> {
    return waitFor(`${kind} order ${hash} is ${status}`, async () => {
      const order = await world().client.order(kind, hash);
      return order.status === status && (reason === undefined || order.reason?.code === reason) && order;
    });
  }

  async function codeOf(act: () => Promise<unknown>): Promise<string> {
    try {
      await act();
    } catch (error) {
      if (error instanceof RemoteError) return error.code;
      throw error;
    }
    throw new Error("nothing was thrown");
  }

  describe("given orders that fit", function () {
    it("quotes a combination that really opens a deal, and marks what it used", async function () {
      const app = await postApp({ volume: 5n });
      const pool = await postPool({ volume: 2n });
      const request = await postRequest();
      const { order } = request;
      const requestHash = hashOf("request", request);

      const offer = bestOffer(
        await world().client.quote({ app: 1n, category: 1, trust: 3, volume: 2, requirements: order.requirements }),
      );
      await world().send("stranger", world().calls.matchOrders({ app: offer.app, pool: offer.pool, request }));

      expect(offer.app).to.deep.equal(app);
      expect(offer.pool).to.deep.equal(pool);
      expect(offer.perTask).to.equal(11n * MILL);
      expect(offer.total).to.equal(22n * MILL);
      expect(offer.endpoint).to.equal("http://pool.example");
      expect(offer.grace).to.equal(60);
      await until("request", requestHash, "filled");
      await until("pool", hashOf("pool", pool), "filled", "GM_ORDER_EXHAUSTED");
      const used = await world().client.order("app", hashOf("app", app));
      expect([used.status, used.remaining]).to.deep.equal(["active", 3n]);
    });

    it("shows the deal, its tasks and the account", async function () {
      const requester = world().actors.requester.address;

      const { items } = await world().client.deals({ requester });
      const [record] = items;
      const details = await world().client.deal(record!.dealId);
      const tasks = await world().client.dealTasks(record!.dealId);
      const account = await world().client.account(requester);

      expect(details.status).to.equal("open");
      expect(details.deal.volume).to.equal(2);
      expect(tasks.items.map(({ index, status }) => [index, status])).to.deep.equal([
        [0, "open"],
        [1, "open"],
      ]);
      expect(await world().client.task(tasks.items[1]!.taskId)).to.deep.equal(tasks.items[1]);
      expect(account.locked).to.equal(22n * MILL);
      expect(account.available).to.equal(DEPOSIT - 22n * MILL);
    });

    it("says for each offer that does not fit which clauses fail", async function () {
      await postPool({ price: 9n * MILL, maxTrust: 2 });

      const quote = await world().client.quote({ app: 1n, category: 1, trust: 3, maxPrices: { pool: 8n * MILL } });

      expect(quote.offers).to.deep.equal([]);
      expect(quote.refused.flatMap(({ clauses }) => clauses)).to.deep.include({
        clause: "trust",
        message: "it offers trust up to 2, the request wants 3",
      });
      expect(() => bestOffer(quote)).to.throw("it costs 9 MILL a task, more than 8");
    });
  });

  describe("given an order that is bad", function () {
    type Bad = readonly [code: string, post: () => Promise<unknown>];
    const bad: Readonly<Record<string, Bad>> = {
      "is signed by somebody else": [
        "GM_ORDER_SIGNATURE",
        async () => post("app", await world().sign("stranger", "app", { ...APP_ORDER, salt: fresh() })),
      ],
      "was changed after it was signed": [
        "GM_ORDER_SIGNATURE",
        async () => {
          const { order, signature } = await signRequest();
          await post("request", { order: { ...order, volume: 1 }, signature });
        },
      ],
      "has expired": ["GM_ORDER_EXPIRED", () => postApp({ expiry: 1_000 })],
      "carries an old counter": ["GM_ORDER_CANCELLED", () => postApp({ counter: 7n })],
      "is for an app that is not registered": ["GM_ASSET_UNKNOWN", () => postApp({ app: 99n })],
      "costs more than there is": ["GM_ORDER_PRICE", () => postApp({ price: 2n ** 127n })],
      "is for no task": ["GM_ORDER_EXHAUSTED", () => postApp({ volume: 0n })],
      "names params that the market does not have": [
        "GM_PARAMS_UNKNOWN",
        () => postRequest({ paramsHash: paramsHashOf("other") }),
      ],
      "has a field too many": [
        "GM_BAD_INPUT",
        async () => {
          const { order, signature } = await world().sign("appOwner", "app", APP_ORDER);
          await post("app", { order: { ...order, more: 1 } as AppOrder, signature });
        },
      ],
    };
    const post = <K extends OrderKind>(kind: K, signed: Signed<OrderByKind[K]>): Promise<unknown> =>
      world().client.postOrder(kind, signed);

    for (const [name, [code, act]] of Object.entries(bad)) {
      it(`refuses one that ${name}: ${code}`, async function () {
        expect(await codeOf(act)).to.equal(code);
      });
    }

    it("refuses a request whose nonce was used: GM_ORDER_REPLAYED", async function () {
      const first = await postRequest();
      await world().send("requester", world().calls.cancelOrder("request", first.order));
      await until("request", hashOf("request", first), "cancelled", "GM_ORDER_REPLAYED");

      const again = await signRequest({ nonce: first.order.nonce, volume: 1 });

      expect(await codeOf(() => world().client.postOrder("request", again))).to.equal("GM_ORDER_REPLAYED");
    });

    it("refuses one that its signer cancelled before: GM_ORDER_CANCELLED", async function () {
      const signed = await world().sign("appOwner", "app", { ...APP_ORDER, salt: fresh() });
      await world().send("appOwner", world().calls.cancelOrder("app", signed.order));

      expect(await codeOf(() => world().client.postOrder("app", signed))).to.equal("GM_ORDER_CANCELLED");
    });

    it("takes one twice without keeping it twice", async function () {
      const signed = await postApp();

      const again = await world().client.postOrder("app", signed);

      expect(again.status).to.equal("active");
    });

    it("takes one that is approved on chain and not signed", async function () {
      const order = { ...APP_ORDER, salt: fresh() };
      await world().send("appOwner", world().calls.approveOrder("app", order));

      const taken = await world().client.postOrder("app", { order, signature: "0x" });

      expect(taken.status).to.equal("active");
    });
  });

  describe("given a posted order and a chain that moves on", function () {
    it("makes a request inactive when its payer withdraws, and active when the money is back", async function () {
      const request = await postRequest({ volume: 1 });
      const hash = hashOf("request", request);
      const { available } = await world().client.account(world().actors.requester.address);

      await world().send("requester", world().calls.withdraw(available));
      const without = await until("request", hash, "inactive", "GM_NO_FUNDS");
      await world().send("requester", world().calls.allowDeposit(available));
      await world().send("requester", world().calls.deposit(available));

      expect(without.reason?.message).to.match(/has 0 MILL available and needs 11 to pay/);
      await until("request", hash, "active");
    });

    describe("given a request that somebody else pays", function () {
      const payer = (): Address => world().actors.poolOwner.address;
      const allow = (amount: bigint): Promise<unknown> =>
        world().send("poolOwner", world().calls.allow(world().actors.requester.address, amount));

      it("keeps it inactive while the payer allows too little, also once a deal has used it up", async function () {
        const [request, other] = [await signRequest({ payer: payer() }), await postRequest({ payer: payer() })];
        const { hash, status, reason } = await world().client.postOrder("request", request);
        await allow(44n * MILL - 1n);
        await until("request", hash, "active");
        await until("request", hashOf("request", other), "active");

        const asks = { app: await postApp(), pool: await postPool() };
        await world().send("stranger", world().calls.matchOrders({ ...asks, request }));
        expect([status, reason?.code]).to.deep.equal(["inactive", "GM_ALLOWANCE_LOW"]);
        expect(reason?.message).to.match(/to spend 0 MILL, and the request may cost 22$/);
        await until("request", hash, "filled");
        await until("request", hashOf("request", other), "inactive", "GM_ALLOWANCE_LOW");
        await allow(22n * MILL);
        await until("request", hashOf("request", other), "active");
      });

      it("makes it inactive when the payer's money is gone, and active when it is back", async function () {
        await allow(UNLIMITED);
        const { hash, status } = await world().client.postOrder("request", await signRequest({ payer: payer() }));
        const { available } = await world().client.account(payer());

        await world().send("poolOwner", world().calls.withdraw(available));
        const { reason } = await until("request", hash, "inactive", "GM_NO_FUNDS");
        await world().send("poolOwner", world().calls.allowDeposit(available));
        await world().send("poolOwner", world().calls.deposit(available));

        expect(status).to.equal("active");
        expect(reason?.message).to.contain(`${payer()} has 0 MILL available`);
        await until("request", hash, "active");
      });
    });

    it("makes an order inactive when its asset is sold, and active when it comes back", async function () {
      const { appOwner, stranger } = world().actors;
      const app = await postApp();
      const hash = hashOf("app", app);

      await world().send("appOwner", world().calls.transferAsset("app", 1n, appOwner.address, stranger.address));
      await until("app", hash, "inactive", "GM_ORDER_NOT_OWNER");
      const late = await world().sign("appOwner", "app", { ...APP_ORDER, salt: fresh() });
      const refusal = await codeOf(() => world().client.postOrder("app", late));
      await world().send("stranger", world().calls.transferAsset("app", 1n, stranger.address, appOwner.address));

      expect(refusal).to.equal("GM_ORDER_NOT_OWNER");
      await until("app", hash, "active");
    });

    it("shows a pool's new endpoint", async function () {
      await world().send("poolOwner", world().calls.setPoolEndpoint(1n, "http://moved.example"));

      await waitFor(
        "the new endpoint",
        async () => (await world().client.pool(1n)).endpoint === "http://moved.example",
      );
    });

    it("cancels every ask of a signer who cancels all", async function () {
      const dataset = await world().sign("datasetOwner", "dataset", { ...DATASET_ORDER, salt: fresh() });
      const { hash } = await world().client.postOrder("dataset", dataset);

      await world().send("datasetOwner", world().calls.cancelAllAsks());

      await until("dataset", hash, "cancelled", "GM_ORDER_CANCELLED");
    });
  });
}

describe("market on PGlite", function () {
  this.timeout(60_000);
  behavesAsMarket(() => openMarketWorld());
});

describe("market on PostgreSQL", function () {
  this.timeout(60_000);
  behavesAsMarket(openPostgresWorld);
});
