import { expect } from "chai";
import fc from "fast-check";

import { CONSUMED_ALL } from "../../../market/domain/chain-view.ts";
import { orderState, reasonOf, remainingOf } from "../../../market/domain/order-state.ts";
import type { OrderCore, OrderFacts } from "../../../market/domain/order-state.ts";
import { UNLIMITED } from "../../../protocol/primitives.ts";

const ALICE = `0x${"a".repeat(40)}` as const;
const BOB = `0x${"b".repeat(40)}` as const;
const NOW = 1_000;

const ASK: OrderCore = {
  ...{ signer: ALICE, volume: 5n, expiry: NOW, counter: 3n, nonce: undefined, needs: 10n },
  payer: undefined,
};
const REQUEST: OrderCore = { ...ASK, counter: undefined, nonce: 7n };
const FACTS: OrderFacts = {
  owner: ALICE,
  counter: 3n,
  consumed: 0n,
  nonceUsed: false,
  matched: false,
  available: 10n,
  allowance: undefined,
};

type Row = readonly [facts: Partial<OrderFacts>, core: Partial<OrderCore>, shown: string];

function shown(core: OrderCore, facts: OrderFacts): string {
  const state = orderState(core, facts, NOW);
  return `${state.status} ${reasonOf(state)?.code ?? ""}`.trim();
}

describe("orderState", function () {
  const asks: Readonly<Record<string, Row>> = {
    "has all it needs": [{}, {}, "active"],
    "has one task left": [{ consumed: 4n }, {}, "active"],
    "has no task left": [{ consumed: 5n }, {}, "filled GM_ORDER_EXHAUSTED"],
    "is unlimited and used": [{ consumed: 2n ** 128n }, { volume: UNLIMITED }, "active"],
    "was cancelled": [{ consumed: CONSUMED_ALL }, {}, "cancelled GM_ORDER_CANCELLED"],
    "is unlimited and was cancelled": [
      { consumed: CONSUMED_ALL },
      { volume: UNLIMITED },
      "cancelled GM_ORDER_CANCELLED",
    ],
    "carries an older counter": [{ counter: 4n }, {}, "cancelled GM_ORDER_CANCELLED"],
    "carries a newer counter": [{ counter: 2n }, {}, "cancelled GM_ORDER_CANCELLED"],
    "expired a second ago": [{}, { expiry: NOW - 1 }, "expired GM_ORDER_EXPIRED"],
    "is for an asset that was sold": [{ owner: BOB }, {}, "inactive GM_ORDER_NOT_OWNER"],
    "is for an asset that is gone": [{ owner: undefined }, {}, "inactive GM_ASSET_UNKNOWN"],
    "lacks one wei": [{ available: 9n }, {}, "inactive GM_NO_FUNDS"],
    "is cancelled and sold: the final reason counts": [{ owner: BOB, counter: 4n }, {}, "cancelled GM_ORDER_CANCELLED"],
  };
  for (const [name, [facts, core, expected]] of Object.entries(asks)) {
    it(`given an ask that ${name}: ${expected}`, function () {
      expect(shown({ ...ASK, ...core }, { ...FACTS, ...facts })).to.equal(expected);
    });
  }

  const requests: Readonly<Record<string, Row>> = {
    "is paid for": [{}, {}, "active"],
    "was matched": [{ nonceUsed: true, matched: true }, {}, "filled GM_ORDER_EXHAUSTED"],
    "was cancelled": [{ nonceUsed: true }, {}, "cancelled GM_ORDER_REPLAYED"],
    "lacks one wei": [{ available: 9n }, {}, "inactive GM_NO_FUNDS"],
    "expired a second ago": [{}, { expiry: NOW - 1 }, "expired GM_ORDER_EXPIRED"],
    "has a signer with another counter, which does not matter": [{ counter: 9n }, {}, "active"],
  };
  for (const [name, [facts, core, expected]] of Object.entries(requests)) {
    it(`given a request that ${name}: ${expected}`, function () {
      expect(shown({ ...REQUEST, ...core }, { ...FACTS, ...facts })).to.equal(expected);
    });
  }

  const paid: Readonly<Record<string, Row>> = {
    "that allows just enough": [{ allowance: 10n }, {}, "active"],
    "that allows one wei too little": [{ allowance: 9n }, {}, "inactive GM_ALLOWANCE_LOW"],
    "that allows nothing, for what is free": [{ allowance: 0n }, { needs: 0n }, "inactive GM_ALLOWANCE_LOW"],
    "that allows something, for what is free": [{ allowance: 1n }, { needs: 0n }, "active"],
    "that allows anything": [{ allowance: UNLIMITED }, {}, "active"],
    "that allows enough and lacks one wei": [{ allowance: 10n, available: 9n }, {}, "inactive GM_NO_FUNDS"],
    "that allows nothing, for a request that was matched": [
      { allowance: 0n, nonceUsed: true, matched: true },
      {},
      "filled GM_ORDER_EXHAUSTED",
    ],
  };
  for (const [name, [facts, core, expected]] of Object.entries(paid)) {
    it(`given a request with a payer ${name}: ${expected}`, function () {
      expect(shown({ ...REQUEST, payer: BOB, ...core }, { ...FACTS, ...facts })).to.equal(expected);
    });
  }

  it("names who is short", function () {
    const state = orderState({ ...REQUEST, payer: BOB }, { ...FACTS, allowance: 10n, available: 9n }, NOW);

    expect(reasonOf(state)?.message).to.contain(`${BOB} has`);
  });

  it("is active only with something left, and has something left only if not used up", function () {
    const facts = fc.record({
      owner: fc.constantFrom(ALICE, BOB, undefined),
      counter: fc.bigInt({ min: 2n, max: 4n }),
      consumed: fc.oneof(fc.bigInt({ min: 0n, max: 6n }), fc.constant(CONSUMED_ALL)),
      nonceUsed: fc.boolean(),
      matched: fc.boolean(),
      available: fc.bigInt({ min: 8n, max: 12n }),
      allowance: fc.option(fc.bigInt({ min: 0n, max: 12n }), { nil: undefined }),
    });
    fc.assert(
      fc.property(facts, fc.constantFrom(ASK, REQUEST), (seen, core) => {
        const { status } = orderState(core, seen, NOW);
        const remaining = remainingOf(core, seen);
        return status === "active" ? remaining > 0n : status === "filled" ? remaining === 0n : true;
      }),
    );
  });
});
