import { expect } from "chai";

import { orderHash } from "../../protocol/orders.ts";
import { UNLIMITED } from "../../protocol/primitives.ts";
import type { Address } from "../../protocol/primitives.ts";
import { ethers, loadFixture } from "./support/chain.ts";
import { expectForeseen, nameOf } from "./support/foreseen.ts";
import { DATASET, FUNDS, POOL, openMarketFixture } from "./support/market.ts";
import type { Market } from "./support/market.ts";
import {
  APP_PRICE,
  POOL_PRICE,
  POOL_STAKE,
  addressOf,
  matchWith,
  ordersOf,
  signedOrders,
  signerOf,
} from "./support/orders.ts";
import type { Changes, Orders, SignedOrders } from "./support/orders.ts";
import { TERMS } from "./support/terms.ts";

const ASKS = ["app", "dataset", "pool"] as const;
const KINDS = [...ASKS, "request"] as const;
type Kind = (typeof KINDS)[number];
type Status = readonly [left: bigint, problem: string];

const PRICE = APP_PRICE + POOL_PRICE;
const WITH_DATASET = { request: { dataset: DATASET } } as const;
const CALLBACK: Address = `0x${"c".repeat(40)}`;

/** One thing that is wrong: what was done before, the orders, and the error. */
type Case = {
  readonly what: string;
  readonly before?: (market: Market) => Promise<unknown>;
  readonly changes?: Changes;
  readonly error: string;
  /** Whose order it is the fault of, where it is an order's own. */
  readonly fault?: Kind;
};

const withDataset = (kind: Kind, change: object): Changes => ({
  [kind]: change,
  request: { ...WITH_DATASET.request, ...(kind === "request" ? change : {}) },
});

function cancel(market: Market, kind: Kind, orders: Orders): Promise<unknown> {
  const asSigner = market.marketplace.connect(signerOf(market, kind));
  if (kind === "app") return asSigner.cancelAppOrder(orders.app);
  if (kind === "dataset") return asSigner.cancelDatasetOrder(orders.dataset);
  if (kind === "pool") return asSigner.cancelPoolOrder(orders.pool);
  return asSigner.cancelRequestOrder(orders.request);
}

const NONCE = 7_000n;

const FAULTS: readonly Case[] = [
  ...KINDS.map((kind): Case => ({
    what: `the ${kind} order has expired`,
    changes: withDataset(kind, { expiry: 1 }),
    error: "MarketplaceOrderExpired",
    fault: kind,
  })),
  ...ASKS.map((kind): Case => ({
    what: `the ${kind} order was taken back with all others`,
    before: (market) => market.marketplace.connect(signerOf(market, kind)).cancelAll(),
    changes: WITH_DATASET,
    error: "MarketplaceOrderRevoked",
    fault: kind,
  })),
  ...ASKS.map((kind): Case => ({
    what: `the ${kind} order was cancelled`,
    before: (market) => cancel(market, kind, ordersOf(market)),
    changes: WITH_DATASET,
    error: "MarketplaceOrderExhausted",
    fault: kind,
  })),
  ...ASKS.map((kind): Case => ({
    what: `all of the ${kind} order is used`,
    before: (market) => matchWith(market, withDataset(kind, { volume: 1n })),
    changes: { ...withDataset(kind, { volume: 1n }) },
    error: "MarketplaceOrderExhausted",
    fault: kind,
  })),
  {
    what: "the pool asks for too great a stake",
    changes: { pool: { workerStake: 10_001 } },
    error: "MarketplaceShareTooHigh",
    fault: "pool",
  },
  {
    what: "there is no such app",
    changes: { app: { app: 9n }, request: { app: 9n } },
    error: "ERC721NonexistentToken",
    fault: "app",
  },
  {
    what: "there is no such dataset",
    changes: { dataset: { dataset: 9n }, request: { dataset: 9n } },
    error: "ERC721NonexistentToken",
    fault: "dataset",
  },
  { what: "there is no such pool", changes: { pool: { pool: 9n } }, error: "ERC721NonexistentToken", fault: "pool" },
  {
    what: "the pool was sold",
    before: ({ poolRegistry, poolOwner, stranger }) =>
      poolRegistry.connect(poolOwner).transferFrom(poolOwner, stranger, POOL),
    error: "MarketplaceBadSignature",
    fault: "pool",
  },
  {
    what: "the request's nonce was used",
    before: (market) => matchWith(market, { request: { nonce: NONCE } }),
    changes: { request: { nonce: NONCE } },
    error: "MarketplaceNonceUsed",
    fault: "request",
  },
  {
    what: "the request was cancelled",
    before: (market) => cancel(market, "request", ordersOf(market, { request: { nonce: NONCE } })),
    changes: { request: { nonce: NONCE } },
    error: "MarketplaceNonceUsed",
    fault: "request",
  },
  {
    what: "the request is for nothing",
    changes: { request: { volume: 0 } },
    error: "MarketplaceZeroVolume",
    fault: "request",
  },
];

const MISFITS: readonly Case[] = [
  {
    what: "an ask has fewer tasks left than the request wants",
    before: (market) => matchWith(market, { pool: { volume: 3n } }),
    changes: { pool: { volume: 3n }, request: { volume: 3 } },
    error: "MarketplaceOrderExhausted",
  },
  {
    what: "the pool takes no callbacks",
    changes: { request: { callback: CALLBACK } },
    error: "MarketplaceCallbackUnsupported",
  },
  {
    what: "the pool lacks what is required",
    changes: { request: { requirements: ethers.toBeHex(1n << 224n, 32) as Address } },
    error: "MarketplaceRequirementsUnmet",
  },
  ...ASKS.map((kind): Case => ({
    what: `the ${kind} order is for somebody else`,
    changes: withDataset(kind, { onlyRequester: CALLBACK }),
    error: "MarketplaceRequesterRestricted",
  })),
  {
    what: "it is about more money than there is",
    changes: { app: { price: 2n ** 127n }, request: { maxAppPrice: 2n ** 127n } },
    error: "MarketplaceAmountTooLarge",
  },
  {
    what: "the payer lacks a wei",
    before: ({ escrow, requester }) => escrow.connect(requester).withdraw(FUNDS - PRICE + 1n),
    error: "EscrowInsufficientBalance",
  },
  {
    what: "the pool owner lacks a wei of its stake",
    before: ({ escrow, poolOwner }) => escrow.connect(poolOwner).withdraw(FUNDS - POOL_STAKE + 1n),
    error: "EscrowInsufficientBalance",
  },
  {
    what: "a pool owner who pays for its own task lacks a wei of both",
    before: async ({ escrow, poolRegistry, poolOwner, requester }) => {
      await poolRegistry.connect(poolOwner).transferFrom(poolOwner, requester, POOL);
      await escrow.connect(requester).withdraw(FUNDS - PRICE - POOL_STAKE + 1n);
    },
    error: "EscrowInsufficientBalance",
  },
];

/** Signed by whoever owns the assets now, unless they were sold behind somebody's back. */
async function signedFor(market: Market, { what, changes = {} }: Case): Promise<SignedOrders> {
  const poolOwner = what.startsWith("a pool owner who pays") ? market.requester : market.poolOwner;
  return signedOrders({ ...market, poolOwner }, ordersOf(market, changes));
}

async function statusOf({ marketplace }: Market, kind: Kind, signed: SignedOrders): Promise<Status> {
  if (kind === "app") return marketplace.statusOfAppOrder(signed.app);
  if (kind === "dataset") return marketplace.statusOfDatasetOrder(signed.dataset);
  if (kind === "pool") return marketplace.statusOfPoolOrder(signed.pool);
  return marketplace.statusOfRequestOrder(signed.request);
}

describe("Marketplace: what is said beforehand", function () {
  describe("problemOfMatch", function () {
    for (const { term, accepts, rejects, error } of TERMS) {
      it(`knows whether orders have ${term}`, async function () {
        const market = await loadFixture(openMarketFixture);

        expect(await expectForeseen(market, await signedOrders(market, ordersOf(market, rejects)))).to.equal(error);
        for (const changes of accepts) {
          const signed = await signedOrders(market, ordersOf(market, changes));
          expect(await expectForeseen(market, signed)).to.equal(undefined);
        }
      });
    }

    for (const kase of [...FAULTS, ...MISFITS]) {
      it(`says that ${kase.what}`, async function () {
        const market = await loadFixture(openMarketFixture);
        await kase.before?.(market);

        expect(await expectForeseen(market, await signedFor(market, kase))).to.equal(kase.error);
      });
    }

    for (const kind of KINDS) {
      it(`says that the ${kind} order is not signed, and nothing where it is`, async function () {
        const market = await loadFixture(openMarketFixture);
        const signed = await signedOrders(market, ordersOf(market, WITH_DATASET));
        const unsigned = { ...signed, [kind]: { ...signed[kind], signature: "0x1234" } };

        expect(await expectForeseen(market, unsigned)).to.equal("MarketplaceBadSignature");
        expect(await statusOf(market, kind, unsigned).then(([, problem]) => nameOf(market, problem))).to.equal(
          "MarketplaceBadSignature",
        );
        expect(await expectForeseen(market, signed)).to.equal(undefined);
      });
    }

    it("knows what a payer allows", async function () {
      const market = await loadFixture(openMarketFixture);
      const changes = { request: { payer: addressOf(market.stranger), nonce: NONCE } };
      const signed = await signedOrders(market, ordersOf(market, changes));
      await market.marketplace.connect(market.stranger).allow(market.requester, PRICE - 1n);

      expect(await expectForeseen(market, signed)).to.equal("MarketplaceAllowanceTooLow");
      await market.marketplace.connect(market.stranger).allow(market.requester, PRICE);
      expect(await expectForeseen(market, signed)).to.equal(undefined);
    });
  });

  describe("status of an order", function () {
    for (const kase of FAULTS) {
      it(`has nothing left where ${kase.what}, and says what a match would`, async function () {
        const market = await loadFixture(openMarketFixture);
        await kase.before?.(market);
        const signed = await signedFor(market, kase);
        const { app, dataset, pool, request } = signed;

        const [left, problem] = await statusOf(market, kase.fault!, signed);

        expect(left).to.equal(0n);
        expect(problem).to.equal(await market.marketplace.problemOfMatch(app, dataset, pool, request));
      });
    }

    for (const kind of ASKS) {
      it(`says how many tasks the ${kind} order has left`, async function () {
        const market = await loadFixture(openMarketFixture);
        const limited = withDataset(kind, { volume: 5n });
        await matchWith(market, { ...limited, request: { dataset: DATASET, volume: 2 } });

        const left = await statusOf(market, kind, await signedOrders(market, ordersOf(market, limited)));
        const unlimited = await statusOf(market, kind, await signedOrders(market, ordersOf(market)));

        expect(left).to.deep.equal([3n, "0x"]);
        expect(unlimited).to.deep.equal([UNLIMITED, "0x"]);
      });
    }

    it("says how many tasks a request is for, whatever its payer has", async function () {
      const market = await loadFixture(openMarketFixture);
      await market.escrow.connect(market.requester).withdraw(FUNDS);
      const signed = await signedOrders(market, ordersOf(market, { request: { volume: 4 } }));

      expect(await statusOf(market, "request", signed)).to.deep.equal([4n, "0x"]);
    });

    it("names the order that it speaks of", async function () {
      const market = await loadFixture(openMarketFixture);
      const orders = ordersOf(market, { app: { expiry: 1 } });
      const [, problem] = await statusOf(market, "app", await signedOrders(market, orders));

      const { args } = market.marketplace.interface.parseError(problem)!;
      expect(args.toArray()).to.deep.equal([orderHash("app", orders.app, market.orderDomain), 1n]);
    });
  });
});
