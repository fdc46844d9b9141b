import { expect } from "chai";

import { NO_RESOURCES, packResources } from "../../protocol/capabilities.ts";
import type { Resources } from "../../protocol/capabilities.ts";
import type { Hash } from "../../protocol/primitives.ts";
import { ZERO_HASH } from "../../protocol/primitives.ts";
import { loadFixture } from "./support/chain.ts";
import { APP, DATASET, POOL, openMarketFixture } from "./support/market.ts";
import type { Market } from "./support/market.ts";
import { APP_PRICE, DATASET_PRICE, POOL_PRICE, addressOf, matchWith, openDeal } from "./support/orders.ts";
import type { Changes } from "./support/orders.ts";

/** One term: orders on the right side of its boundary, orders on the wrong side, and the error that says so. */
type Term = {
  readonly term: string;
  readonly accepts: readonly Changes[];
  readonly rejects: Changes;
  readonly error: string;
  readonly args: readonly unknown[];
};

const TERMS: readonly Term[] = [
  {
    term: "at least one task",
    accepts: [{ request: { volume: 1 } }],
    rejects: { request: { volume: 0 } },
    error: "MarketplaceZeroVolume",
    args: [],
  },
  {
    term: "trust of at least 2",
    accepts: [{ request: { trust: 2 } }],
    rejects: { request: { trust: 1 } },
    error: "MarketplaceTrustTooLow",
    args: [1n],
  },
  {
    term: "no more trust than the pool offers",
    accepts: [{ pool: { maxTrust: 7 }, request: { trust: 7 } }],
    rejects: { pool: { maxTrust: 7 }, request: { trust: 8 } },
    error: "MarketplaceTrustTooHigh",
    args: [8n, 7n],
  },
  {
    term: "maxWeight of at least 2",
    accepts: [{ request: { maxWeight: 2 } }],
    rejects: { request: { maxWeight: 1 } },
    error: "MarketplaceMaxWeightOutOfRange",
    args: [1n],
  },
  {
    term: "maxWeight of at most 127",
    accepts: [{ request: { maxWeight: 127 } }],
    rejects: { request: { maxWeight: 128 } },
    error: "MarketplaceMaxWeightOutOfRange",
    args: [128n],
  },
  {
    term: "a category that exists",
    accepts: [{ pool: { category: 4 }, request: { category: 4 } }],
    rejects: { pool: { category: 5 }, request: { category: 5 } },
    error: "MarketplaceCategoryUnknown",
    args: [5n],
  },
  {
    term: "the pool's category",
    accepts: [{ pool: { category: 1 }, request: { category: 1 } }],
    rejects: { pool: { category: 1 }, request: { category: 0 } },
    error: "MarketplaceCategoryMismatch",
    args: [0n, 1n],
  },
  {
    term: "an app price within the maximum",
    accepts: [{ request: { maxAppPrice: APP_PRICE } }],
    rejects: { request: { maxAppPrice: APP_PRICE - 1n } },
    error: "MarketplacePriceTooHigh",
    args: [APP_PRICE, APP_PRICE - 1n],
  },
  {
    term: "a dataset price within the maximum",
    accepts: [{ request: { dataset: DATASET, maxDatasetPrice: DATASET_PRICE } }],
    rejects: { request: { dataset: DATASET, maxDatasetPrice: DATASET_PRICE - 1n } },
    error: "MarketplacePriceTooHigh",
    args: [DATASET_PRICE, DATASET_PRICE - 1n],
  },
  {
    term: "a pool price within the maximum",
    accepts: [{ request: { maxPoolPrice: POOL_PRICE } }],
    rejects: { request: { maxPoolPrice: POOL_PRICE - 1n } },
    error: "MarketplacePriceTooHigh",
    args: [POOL_PRICE, POOL_PRICE - 1n],
  },
  {
    term: "the app that is asked for",
    accepts: [{}],
    rejects: { app: { app: 2n } },
    error: "MarketplaceAppMismatch",
    args: [APP, 2n],
  },
  {
    term: "the dataset that is asked for",
    accepts: [{ request: { dataset: DATASET } }],
    rejects: { dataset: { dataset: 2n }, request: { dataset: DATASET } },
    error: "MarketplaceDatasetMismatch",
    args: [DATASET, 2n],
  },
  {
    term: "the pool that is asked for, if one is",
    accepts: [{ request: { pool: 0n } }, { request: { pool: POOL } }],
    rejects: { request: { pool: 2n } },
    error: "MarketplacePoolMismatch",
    args: [2n, POOL],
  },
  {
    term: "a worker stake of at most the whole price",
    accepts: [{ pool: { workerStake: 10_000 } }],
    rejects: { pool: { workerStake: 10_001 } },
    error: "MarketplaceShareTooHigh",
    args: [10_001n],
  },
  {
    term: "a scheduler share of at most the whole price",
    accepts: [{ pool: { schedulerShare: 10_000 } }],
    rejects: { pool: { schedulerShare: 10_001 } },
    error: "MarketplaceShareTooHigh",
    args: [10_001n],
  },
  {
    term: "a grace of at most two hours",
    accepts: [{ pool: { grace: 7_200 } }],
    rejects: { pool: { grace: 7_201 } },
    error: "MarketplaceGraceTooLong",
    args: [7_201n],
  },
  {
    term: "the app's dataset restriction",
    accepts: [{ app: { onlyDataset: DATASET }, request: { dataset: DATASET } }],
    rejects: { app: { onlyDataset: DATASET } },
    error: "MarketplaceAssetRestricted",
    args: [DATASET, 0n],
  },
  {
    term: "the app's pool restriction",
    accepts: [{ app: { onlyPool: POOL } }],
    rejects: { app: { onlyPool: 2n } },
    error: "MarketplaceAssetRestricted",
    args: [2n, POOL],
  },
  {
    term: "the dataset's app restriction",
    accepts: [{ dataset: { onlyApp: APP }, request: { dataset: DATASET } }],
    rejects: { dataset: { onlyApp: 2n }, request: { dataset: DATASET } },
    error: "MarketplaceAssetRestricted",
    args: [2n, APP],
  },
  {
    term: "the dataset's pool restriction",
    accepts: [{ dataset: { onlyPool: POOL }, request: { dataset: DATASET } }],
    rejects: { dataset: { onlyPool: 2n }, request: { dataset: DATASET } },
    error: "MarketplaceAssetRestricted",
    args: [2n, POOL],
  },
  {
    term: "the pool's app restriction",
    accepts: [{ pool: { onlyApp: APP } }],
    rejects: { pool: { onlyApp: 2n } },
    error: "MarketplaceAssetRestricted",
    args: [2n, APP],
  },
  {
    term: "the pool's dataset restriction",
    accepts: [{ pool: { onlyDataset: DATASET }, request: { dataset: DATASET } }],
    rejects: { pool: { onlyDataset: DATASET } },
    error: "MarketplaceAssetRestricted",
    args: [DATASET, 0n],
  },
];

describe("Marketplace: terms", function () {
  for (const { term, accepts, rejects, error, args } of TERMS) {
    describe(`given that orders must have ${term}`, function () {
      it("accepts those that have", async function () {
        for (const changes of accepts) {
          const market = await loadFixture(openMarketFixture);
          await openDeal(market, changes);
        }
      });

      it("rejects those that have not", async function () {
        const market = await loadFixture(openMarketFixture);

        await expect(matchWith(market, rejects))
          .to.be.revertedWithCustomError(market.marketplace, error)
          .withArgs(...args);
      });
    });
  }

  describe("given an ask for one requester alone", function () {
    for (const kind of ["app", "dataset", "pool"] as const) {
      const changes = (market: Market, only: Market["requester"]): Changes => ({
        [kind]: { onlyRequester: addressOf(only) },
        request: { dataset: DATASET },
      });

      it(`accepts that requester for the ${kind}`, async function () {
        const market = await loadFixture(openMarketFixture);

        await openDeal(market, changes(market, market.requester));
      });

      it(`rejects another for the ${kind}`, async function () {
        const market = await loadFixture(openMarketFixture);

        await expect(matchWith(market, changes(market, market.stranger)))
          .to.be.revertedWithCustomError(market.marketplace, "MarketplaceRequesterRestricted")
          .withArgs(market.stranger, market.requester);
      });
    }
  });

  describe("given requirements", function () {
    const offered: Resources = {
      cpuMillicores: 4_000,
      memoryMiB: 8_192,
      diskMiB: 100,
      gpus: 1,
      gpuMemoryMiB: 24_000,
      benchmark: 700,
      bandwidthMbits: 1_000,
      flags: ["egress", "gpuNvidia"],
    };
    const capabilities = packResources(offered);

    it("accepts them where every lane and flag suffices exactly", async function () {
      const market = await loadFixture(openMarketFixture);

      await openDeal(market, { pool: { capabilities }, request: { requirements: capabilities } });
    });

    for (const lane of Object.keys(NO_RESOURCES).filter((key) => key !== "flags") as (keyof Resources)[]) {
      it(`rejects one more in lane ${lane}`, async function () {
        await expectUnmet(packResources({ ...offered, [lane]: (offered[lane] as number) + 1 }));
      });
    }

    it("rejects a flag that the pool lacks", async function () {
      await expectUnmet(packResources({ ...offered, flags: ["egress", "tee"] }));
    });

    it("rejects anything but nothing from a pool that promises nothing", async function () {
      await expectUnmet(packResources({ ...NO_RESOURCES, benchmark: 1 }), ZERO_HASH);
    });

    async function expectUnmet(requirements: Hash, promised: Hash = capabilities): Promise<void> {
      const market = await loadFixture(openMarketFixture);

      await expect(matchWith(market, { pool: { capabilities: promised }, request: { requirements } }))
        .to.be.revertedWithCustomError(market.marketplace, "MarketplaceRequirementsUnmet")
        .withArgs(requirements, promised);
    }
  });
});
