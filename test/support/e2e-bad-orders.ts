import { paramsHashOf } from "../../protocol/params.ts";
import { UNLIMITED } from "../../protocol/primitives.ts";
import { randomHash } from "../../sdk/random.ts";

import type { BadMarket } from "./e2e-bad-market.ts";
import { AT_ONCE, BY_COMMAND, run } from "./e2e-case.ts";
import type { Case } from "./e2e-case.ts";
import { refusalOf } from "./e2e-ended.ts";
import type { Ended } from "./e2e-ended.ts";
import { openPerson } from "./e2e-person.ts";

/** Orders that must not become a deal: refused where they are posted, matched or asked for. */
export const ORDERS: readonly Case[] = [
  {
    name: "a request that somebody else has signed",
    act: async ({ requester, stranger, request }: BadMarket): Promise<Ended> => {
      const signed = await stranger.sign("request", request());
      return await refusalOf(() => requester.grid.market.postOrder("request", signed));
    },
    ends: { code: "GM_ORDER_SIGNATURE" },
    within: AT_ONCE,
  },
  {
    name: "an ask that a stranger has signed",
    act: async ({ stranger, used }: BadMarket): Promise<Ended> => {
      const signed = await stranger.sign("app", { ...used.app.order, salt: randomHash() });
      return await refusalOf(() => stranger.grid.market.postOrder("app", signed));
    },
    ends: { code: "GM_ORDER_SIGNATURE" },
    within: AT_ONCE,
  },
  {
    name: "a request that has expired, posted",
    act: async ({ requester, request }: BadMarket): Promise<Ended> => {
      const signed = await requester.sign("request", request({ expiry: 1_000_000_000 }));
      return await refusalOf(() => requester.grid.market.postOrder("request", signed));
    },
    ends: { code: "GM_ORDER_EXPIRED" },
    within: AT_ONCE,
  },
  {
    name: "a request that has expired, matched",
    act: async ({ requester, request, matchOf }: BadMarket): Promise<Ended> => {
      const match = await matchOf(await requester.sign("request", request({ expiry: 1_000_000_000 })));
      return await refusalOf(() => requester.send(requester.calls.matchOrders(match)));
    },
    ends: { code: "GM_ORDER_EXPIRED" },
    within: AT_ONCE,
  },
  {
    name: "a request that was matched before, matched again",
    act: async ({ requester, used }: BadMarket): Promise<Ended> => {
      const app = await requester.sign("app", { ...used.app.order, volume: UNLIMITED });
      return await refusalOf(() => requester.send(requester.calls.matchOrders({ ...used, app })));
    },
    ends: { code: "GM_ORDER_REPLAYED" },
    within: AT_ONCE,
  },
  {
    name: "another request with a nonce that was used, posted",
    act: async ({ requester, request, used }: BadMarket): Promise<Ended> => {
      const signed = await requester.sign("request", request({ nonce: used.request.order.nonce }));
      return await refusalOf(() => requester.grid.market.postOrder("request", signed));
    },
    ends: { code: "GM_ORDER_REPLAYED" },
    within: AT_ONCE,
  },
  {
    name: "an ask that is used up, matched",
    act: async ({ requester, used, request }: BadMarket): Promise<Ended> => {
      const signed = await requester.sign("request", request({ app: used.app.order.app }));
      return await refusalOf(() => requester.send(requester.calls.matchOrders({ ...used, request: signed })));
    },
    ends: { code: "GM_ORDER_EXHAUSTED" },
    within: AT_ONCE,
  },
  {
    name: "an app whose only ask is used up, run",
    act: (market: BadMarket): Promise<Ended> => run(`${market.used.app.order.app}`)(market),
    ends: { exit: 3, code: "GM_NO_OFFER" },
    within: BY_COMMAND,
  },
  {
    name: "an app that was sold meanwhile, matched",
    act: ({ requester, sold }: BadMarket): Promise<Ended> =>
      refusalOf(() => requester.send(requester.calls.matchOrders(sold))),
    ends: { code: "GM_ORDER_SIGNATURE" },
    within: AT_ONCE,
  },
  {
    name: "an app that was sold meanwhile, run",
    act: (market: BadMarket): Promise<Ended> => run(`${market.sold.app.order.app}`)(market),
    ends: { exit: 3, code: "GM_NO_OFFER" },
    within: BY_COMMAND,
  },
  {
    name: "an app that was sold, offered again by who had it",
    act: async ({ requester, sold }: BadMarket): Promise<Ended> => {
      const signed = await requester.sign("app", { ...sold.app.order, salt: randomHash() });
      return await refusalOf(() => requester.grid.market.postOrder("app", signed));
    },
    ends: { code: "GM_ORDER_NOT_OWNER" },
    within: AT_ONCE,
  },
  {
    name: "a pool that was sold meanwhile, matched",
    act: ({ requester, soldPool }: BadMarket): Promise<Ended> =>
      refusalOf(() => requester.send(requester.calls.matchOrders(soldPool))),
    ends: { code: "GM_ORDER_SIGNATURE" },
    within: AT_ONCE,
  },
  {
    name: "a pool that was sold meanwhile, asked for",
    act: (market: BadMarket): Promise<Ended> =>
      run(`${market.app}`, "--pool", `${market.soldPool.pool.order.pool}`)(market),
    ends: { exit: 3, code: "GM_NO_OFFER" },
    within: BY_COMMAND,
  },
  {
    name: "a request without funds, matched",
    act: async ({ local, requester, request, matchOf }: BadMarket): Promise<Ended> => {
      await using poor = await openPerson(local, "pool-operator");
      const { address } = poor;
      const own = request({ requester: address, payer: address, beneficiary: address });
      const match = await matchOf(await poor.sign("request", own));
      return await refusalOf(() => requester.send(requester.calls.matchOrders(match)));
    },
    ends: { code: "GM_NO_FUNDS" },
    within: AT_ONCE,
  },
  {
    name: "a request without funds, from the command",
    act: (market: BadMarket): Promise<Ended> => run(`${market.app}`, "--account", "pool-operator")(market),
    ends: { exit: 3, code: "GM_NO_FUNDS" },
    within: BY_COMMAND,
  },
  {
    name: "a request whose payer allows nothing, matched",
    act: async ({ requester, poolOwner, request, matchOf }: BadMarket): Promise<Ended> => {
      const match = await matchOf(await requester.sign("request", request({ payer: poolOwner.address })));
      return await refusalOf(() => requester.send(requester.calls.matchOrders(match)));
    },
    ends: { code: "GM_ALLOWANCE_LOW" },
    within: AT_ONCE,
  },
  {
    name: "a request whose payer allows nothing, from the command",
    act: (market: BadMarket): Promise<Ended> => run(`${market.app}`, "--payer", market.poolOwner.address)(market),
    ends: { exit: 3, code: "GM_ALLOWANCE_LOW" },
    within: BY_COMMAND,
  },
  {
    name: "a request for an app that does not exist, posted",
    act: async ({ requester, request }: BadMarket): Promise<Ended> => {
      const signed = await requester.sign("request", request({ app: 4_711n }));
      return await refusalOf(() => requester.grid.market.postOrder("request", signed));
    },
    ends: { code: "GM_ASSET_UNKNOWN" },
    within: AT_ONCE,
  },
  {
    name: "a request with a callback, matched at a pool that makes none",
    act: async ({ local, requester, request, matchOf, deadPool }: BadMarket): Promise<Ended> => {
      const callback = local.deployment.contracts.hub;
      const match = await matchOf(await requester.sign("request", request({ callback, pool: deadPool })));
      return await refusalOf(() => requester.send(requester.calls.matchOrders(match)));
    },
    ends: { code: "GM_ORDER_MISMATCH" },
    within: AT_ONCE,
  },
  {
    name: "params that are not JSON",
    act: ({ requester }: BadMarket): Promise<Ended> =>
      refusalOf(() => requester.grid.market.putParams("{ version: one")),
    ends: { code: "GM_BAD_PARAMS" },
    within: AT_ONCE,
  },
  {
    name: "a request whose params nobody has, posted",
    act: async ({ requester, request }: BadMarket): Promise<Ended> => {
      const signed = await requester.sign("request", request({ paramsHash: paramsHashOf("{ version: one") }));
      return await refusalOf(() => requester.grid.market.postOrder("request", signed));
    },
    ends: { code: "GM_PARAMS_UNKNOWN" },
    within: AT_ONCE,
  },
];
