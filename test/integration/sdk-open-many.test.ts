import { expect } from "chai";

import { matchAsked, matchJson } from "../../cli/run/match-asked.ts";
import { MILL } from "../../protocol/amounts.ts";
import { NO_RESOURCES, packResources } from "../../protocol/capabilities.ts";
import type { RequestOrder } from "../../protocol/orders.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import { connect } from "../../sdk/grid.ts";
import type { Grid } from "../../sdk/grid.ts";
import { bestOffer } from "../../sdk/market-client.ts";
import type { Opening } from "../../sdk/open-many.ts";
import type { RequestSpec } from "../../sdk/request-spec.ts";
import { exampleContract } from "../support/e2e-auction.ts";
import { inSuite } from "../support/in-suite.ts";
import { APP_ORDER, POOL_ORDER } from "../support/market-orders.ts";
import { DEPOSIT, fresh, openMarketWorld } from "../support/market-world.ts";
import type { MarketWorld } from "../support/market-world.ts";
import { silentContext } from "../support/silent-context.ts";

const CAPABILITIES = { ...NO_RESOURCES, cpuMillicores: 2_000, memoryMiB: 4_096, flags: ["callback"] } as const;
const SPEC: Omit<RequestSpec, "params"> = {
  ...{ app: 1n, volume: 1, category: 0, trust: 3, uploads: [] },
  requirements: { ...NO_RESOURCES, cpuMillicores: 1_000 },
};
const SIGNER_GAS = 101_600n;

/** A market with an app and a pool on offer, and somebody who asks for much. */
async function openWorld(): Promise<MarketWorld & { readonly grid: Grid; readonly offerPool: () => Promise<void> }> {
  await using stack = new AsyncDisposableStack();
  const world = stack.use(await openMarketWorld());
  const { rpcUrl, deployment, market, client, actors } = world;
  const { chainId } = deployment;
  const network = { chainId, rpcUrls: [rpcUrl], marketUrl: market.url, confirmations: 0, deployment };
  const grid = stack.use(await connect({ network, signer: actors.requester.wallet }));
  const offerPool = async (): Promise<void> => {
    const order = { ...POOL_ORDER, salt: fresh(), category: 0, capabilities: packResources(CAPABILITIES) };
    await client.postOrder("pool", await world.sign("poolOwner", "pool", order));
  };
  await client.postOrder("app", await world.sign("appOwner", "app", { ...APP_ORDER, price: 0n, salt: fresh() }));
  await offerPool();
  const running = stack.move();
  return { ...world, grid, offerPool, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

describe("many requests at once", function () {
  this.timeout(60_000);
  const world = inSuite(openWorld);

  let made = 0;
  const spec = (changes: Partial<RequestSpec> = {}): RequestSpec => {
    return { ...SPEC, params: JSON.stringify({ version: 1, args: [`${++made}`] }), ...changes };
  };
  const openMany = async (...specs: readonly RequestSpec[]): Promise<readonly Opening[]> => {
    const { requests } = world().grid;
    const offer = bestOffer(await requests.quote(spec()));
    return await requests.openMany(specs.map((each) => ({ spec: each, offer })));
  };
  const said = (openings: readonly Opening[]): readonly string[] =>
    openings.map((opening) => ("problem" in opening ? opening.problem.code : "opened"));

  it("are deals of one transaction, each with its own params, for less gas than one by one", async function () {
    const { requests } = world().grid;
    const specs = [spec(), spec(), spec(), spec()];
    const one = spec();

    const openings = await openMany(...specs);
    const alone = await requests.submit(one, bestOffer(await requests.quote(one)));

    const opened = openings.flatMap((opening) => ("opened" in opening ? [opening.opened] : []));
    expect(said(openings)).to.deep.equal(["opened", "opened", "opened", "opened"]);
    expect(new Set(opened.map(({ receipt }) => receipt.hash)).size).to.equal(1);
    expect(new Set(opened.map(({ dealId }) => dealId)).size).to.equal(4);
    const texts = opened.map(async ({ deal }) =>
      new TextDecoder().decode(await world().client.params(deal.paramsHash)),
    );
    expect(await Promise.all(texts)).to.deep.equal(specs.map(({ params }) => params));
    expect(opened[0]!.receipt.gasUsed / 4n < (alone.receipt.gasUsed * 7n) / 10n).to.equal(true);
  });

  it("are told one by one why they were passed over, and do not stop the others", async function () {
    const tooDear = spec({ volume: Number(DEPOSIT / MILL) });
    const unpaid = spec({ payer: world().actors.stranger.address });

    const openings = await openMany(spec(), tooDear, unpaid, spec());

    expect(said(openings)).to.deep.equal(["opened", "GM_NO_FUNDS", "GM_ALLOWANCE_LOW", "opened"]);
  });

  it("are all told what the asks are refused for, and cost nothing", async function () {
    const { requests, accounts, address } = world().grid;
    const offer = bestOffer(await requests.quote(spec()));
    await world().send("poolOwner", world().calls.cancelOrder("pool", offer.pool.order));
    const before = await accounts.show(address!);

    const openings = await requests.openMany([spec(), spec()].map((each) => ({ spec: each, offer })));

    expect(said(openings)).to.deep.equal(["GM_ORDER_EXHAUSTED", "GM_ORDER_EXHAUSTED"]);
    expect(await accounts.show(address!)).to.deep.equal(before);
    await world().offerPool();
  });

  describe("of a contract", function () {
    let oracle: Address;

    before(async function () {
      const { grid, calls, send } = world();
      const sources = JSON.stringify([grid.address]);
      const words = ["marketplace", "1", `${20n * MILL}`, sources];
      ({ address: oracle } = await grid.contracts.deploy(await exampleContract("MedianOracle"), words));
      const file = [fresh(), "4", "https://data.example/file"];
      await grid.contracts.send(oracle, "publish(uint256,bytes32,uint64,string)", ["0", ...file]);
      await send("deployer", calls.allowDeposit(25n * MILL));
      await send("deployer", calls.depositFor(oracle, 25n * MILL)); // two answers at 10, and not a third
    });

    const ask = async (): Promise<void> => {
      await world().grid.contracts.send(oracle, "ask(uint256[])", ["[0]"]);
    };
    const requestsOf = async (): Promise<readonly RequestOrder[]> =>
      (await world().grid.dapps.asked(oracle)).map(({ request }) => request);

    it("are opened by dapp match in one transaction, which has gas for whatever a contract that signs may use", async function () {
      for (let time = 0; time < 3; time++) await ask();
      expect(await requestsOf()).to.have.length(3);
      const options = { input: [], detach: true, yes: true };

      const matched = await matchAsked(silentContext(), world().grid, oracle, options);

      const { deals, skipped } = matchJson(matched) as { deals: { dealId: Hash }[]; skipped: { error: object }[] };
      expect(deals).to.have.length(2);
      expect(skipped.map(({ error }) => error)).to.have.length(1);
      expect(skipped[0]!.error).to.include({ code: "GM_NO_FUNDS", retryable: true });
      expect(await requestsOf()).to.have.length(1);
      const records = await Promise.all(deals.map(({ dealId }) => world().client.deal(dealId)));
      const [hash, ...others] = new Set(records.map(({ transactionHash }) => transactionHash));
      expect(others).to.deep.equal([]);
      const { gasLimit } = (await world().provider.getTransaction(hash!))!;
      const { gasUsed } = (await world().provider.getTransactionReceipt(hash!))!;
      expect(gasLimit >= gasUsed + 3n * SIGNER_GAS).to.equal(true);
    });

    it("are told as an error where none can be matched", async function () {
      const options = { input: [], detach: true, yes: true };

      const error = await matchAsked(silentContext(), world().grid, oracle, options).catch((each: unknown) => each);

      expect(error).to.have.property("code", "GM_NO_FUNDS");
    });
  });
});
