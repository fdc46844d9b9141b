import { expect } from "chai";

import { NO_RESOURCES, packResources } from "../../protocol/capabilities.ts";
import type { Resources } from "../../protocol/capabilities.ts";
import type { Hash } from "../../protocol/primitives.ts";
import { ZERO_HASH } from "../../protocol/primitives.ts";
import { loadFixture } from "./support/chain.ts";
import { APP, DATASET, POOL, openMarketFixture } from "./support/market.ts";
import type { Market } from "./support/market.ts";
import { addressOf, matchWith, openDeal } from "./support/orders.ts";
import type { Changes } from "./support/orders.ts";
import { TERMS } from "./support/terms.ts";

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

  it("tell assets of different kinds apart, of which most have the same number in these tests", async function () {
    const market = await loadFixture(openMarketFixture);
    const second = DATASET + 1n;
    await market.datasetRegistry
      .connect(market.datasetOwner)
      .register("ipfs://second", ZERO_HASH.replace(/.$/, "1"), true);

    await openDeal(market, {
      app: { onlyDataset: second, onlyPool: POOL },
      dataset: { dataset: second, onlyApp: APP, onlyPool: POOL },
      pool: { onlyApp: APP, onlyDataset: second },
      request: { dataset: second },
    });
  });

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

    it("takes a lane for one number: its highest bit is more than all the others", async function () {
      const market = await loadFixture(openMarketFixture);
      const memoryMiB = 2 ** 31;

      await openDeal(market, {
        pool: { capabilities: packResources({ ...NO_RESOURCES, memoryMiB }) },
        request: { requirements: packResources({ ...NO_RESOURCES, memoryMiB: memoryMiB - 1 }) },
      });
    });

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
