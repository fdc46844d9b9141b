import { expect } from "chai";
import fc from "fast-check";

import { matches } from "../../../market/domain/matches.ts";
import type { Combination } from "../../../market/domain/matches.ts";
import { MILL } from "../../../protocol/amounts.ts";
import { NO_RESOURCES, packResources } from "../../../protocol/capabilities.ts";
import type { Resources } from "../../../protocol/capabilities.ts";
import { APP_ORDER, DATASET_ORDER, POOL_ORDER, REQUEST_ORDER } from "../../support/market-orders.ts";

type Changes = {
  readonly app?: Partial<Combination["app"]>;
  readonly dataset?: Partial<NonNullable<Combination["dataset"]>>;
  readonly pool?: Partial<Combination["pool"]>;
  readonly request?: Partial<Combination["request"]>;
};

/** Four orders that fit, but for the changes. */
function combination({ app, dataset, pool, request }: Changes = {}): Combination {
  return {
    app: { ...APP_ORDER, ...app },
    dataset: { ...DATASET_ORDER, ...dataset },
    pool: { ...POOL_ORDER, ...pool },
    request: { ...REQUEST_ORDER, dataset: 1n, ...request },
  };
}

function failing(changes: Changes): readonly string[] {
  const match = matches(combination(changes));
  return match.ok ? [] : match.failing.map(({ clause }) => clause);
}

const resources = (some: Partial<Resources>): `0x${string}` => packResources({ ...NO_RESOURCES, ...some });
const ALICE = `0x${"a".repeat(40)}` as const;
const BOB = `0x${"b".repeat(40)}` as const;

/** One row a clause: changes that just fit, and changes that just do not. */
const TABLE: Readonly<Record<string, { readonly fits: Changes; readonly fails: Changes }>> = {
  app: { fits: { app: { app: 2n }, request: { app: 2n } }, fails: { app: { app: 2n } } },
  dataset: { fits: { dataset: { dataset: 2n }, request: { dataset: 2n } }, fails: { dataset: { dataset: 2n } } },
  pool: { fits: { request: { pool: 1n } }, fails: { request: { pool: 2n } } },
  "app-price": {
    fits: { app: { price: MILL }, request: { maxAppPrice: MILL } },
    fails: { app: { price: MILL + 1n }, request: { maxAppPrice: MILL } },
  },
  "dataset-price": {
    fits: { dataset: { price: MILL }, request: { maxDatasetPrice: MILL } },
    fails: { dataset: { price: MILL + 1n }, request: { maxDatasetPrice: MILL } },
  },
  "pool-price": {
    fits: { pool: { price: MILL }, request: { maxPoolPrice: MILL } },
    fails: { pool: { price: MILL + 1n }, request: { maxPoolPrice: MILL } },
  },
  "app-only-dataset": { fits: { app: { onlyDataset: 1n } }, fails: { app: { onlyDataset: 2n } } },
  "app-only-pool": { fits: { app: { onlyPool: 1n } }, fails: { app: { onlyPool: 2n } } },
  "app-only-requester": {
    fits: { app: { onlyRequester: ALICE }, request: { requester: ALICE } },
    fails: { app: { onlyRequester: ALICE }, request: { requester: BOB } },
  },
  "dataset-only-app": { fits: { dataset: { onlyApp: 1n } }, fails: { dataset: { onlyApp: 2n } } },
  "dataset-only-pool": { fits: { dataset: { onlyPool: 1n } }, fails: { dataset: { onlyPool: 2n } } },
  "dataset-only-requester": {
    fits: { dataset: { onlyRequester: ALICE }, request: { requester: ALICE } },
    fails: { dataset: { onlyRequester: ALICE }, request: { requester: BOB } },
  },
  "pool-only-app": { fits: { pool: { onlyApp: 1n } }, fails: { pool: { onlyApp: 2n } } },
  "pool-only-dataset": { fits: { pool: { onlyDataset: 1n } }, fails: { pool: { onlyDataset: 2n } } },
  "pool-only-requester": {
    fits: { pool: { onlyRequester: ALICE }, request: { requester: ALICE } },
    fails: { pool: { onlyRequester: ALICE }, request: { requester: BOB } },
  },
  category: { fits: { pool: { category: 4 }, request: { category: 4 } }, fails: { pool: { category: 4 } } },
  trust: {
    fits: { pool: { maxTrust: 5 }, request: { trust: 5 } },
    fails: { pool: { maxTrust: 5 }, request: { trust: 6 } },
  },
  requirements: {
    fits: { pool: { capabilities: resources({ gpus: 1 }) }, request: { requirements: resources({ gpus: 1 }) } },
    fails: { pool: { capabilities: resources({ gpus: 1 }) }, request: { requirements: resources({ gpus: 2 }) } },
  },
  callback: {
    fits: {
      pool: { capabilities: resources({ cpuMillicores: 1_000, flags: ["callback"] }) },
      request: { callback: ALICE },
    },
    fails: { pool: { capabilities: resources({ cpuMillicores: 1_000 }) }, request: { callback: ALICE } },
  },
};

describe("matches", function () {
  it("accepts four orders that fit", function () {
    expect(matches(combination())).to.deep.equal({ ok: true });
  });

  for (const [clause, { fits, fails }] of Object.entries(TABLE)) {
    it(`holds ${clause} exactly at its boundary`, function () {
      expect(failing(fits)).to.deep.equal([]);
      expect(failing(fails)).to.deep.equal([clause]);
    });
  }

  it("wants no dataset order when the request names none", function () {
    const request = { ...REQUEST_ORDER, dataset: 0n };

    expect(matches({ ...combination(), dataset: undefined, request })).to.deep.equal({ ok: true });
  });

  it("misses the dataset order when the request names one", function () {
    const match = matches({ ...combination(), dataset: undefined });

    expect(match.ok ? [] : match.failing.map(({ clause }) => clause)).to.deep.equal(["dataset"]);
  });

  it("names every clause that fails, not only the first", function () {
    const all = { app: { price: 2n * MILL }, pool: { maxTrust: 2, onlyApp: 9n } };

    expect(failing(all)).to.deep.equal(["app-price", "pool-only-app", "trust"]);
  });

  it("fails in words that name both sides", function () {
    const match = matches(combination({ pool: { price: 15n * MILL } }));

    expect(match.ok ? [] : match.failing).to.deep.equal([
      { clause: "pool-price", message: "it costs 15 MILL a task, more than 10" },
    ]);
  });

  it("never objects when a request pays more or asks for less", function () {
    const more = fc.bigInt({ min: 0n, max: 2n ** 100n });
    const rows = fc.record({ app: more, dataset: more, pool: more, trust: fc.integer({ min: 2, max: 10 }) });

    fc.assert(
      fc.property(rows, ({ app, dataset, pool, trust }) => {
        const { maxAppPrice, maxDatasetPrice, maxPoolPrice } = REQUEST_ORDER;
        const bids = {
          maxAppPrice: maxAppPrice + app,
          maxDatasetPrice: maxDatasetPrice + dataset,
          maxPoolPrice: maxPoolPrice + pool,
        };
        return matches(combination({ request: { ...bids, trust } })).ok;
      }),
    );
  });
});
