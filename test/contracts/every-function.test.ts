import { expect } from "chai";
import type { Interface } from "ethers";
import { FunctionFragment } from "ethers";
import fc from "fast-check";

import { INTERFACES } from "../../chain/interfaces.ts";
import { decodeRevert } from "../../chain/revert-errors.ts";
import { packDeal } from "../../protocol/deal-words.ts";
import type { Hex } from "../../protocol/primitives.ts";
import { loadTestConfig } from "../support/config.ts";
import { addressesIn, anyCall } from "./support/any-call.ts";
import type { Call, Meaningful } from "./support/any-call.ts";
import { requests } from "./support/batch.ts";
import { everybody, surplusOf } from "./support/books.ts";
import { ethers, loadFixture, mine, networkHelpers } from "./support/chain.ts";
import { APP, BOND, DATASET, LANE, MILL, POOL, openMarketFixture } from "./support/market.ts";
import { openDeal, ordersOf, signedOrders } from "./support/orders.ts";
import { agreeing, roundOf, seal } from "./support/round.ts";

/** Calls of each function besides the one that is known to go through. */
const { full } = loadTestConfig();
const RUNS = full ? 100 : 4;
const GAS = 5_000_000n;

const NAME = /^[A-Z]\w+$/;
/** Errors of the language, which say nothing to a user. */
const BUILT_IN = /^(Error|Panic)/;
/** Those that are meant, each with its reason. */
const MEANT: Readonly<Record<string, string>> = {
  // OpenZeppelin's array: there is no checkpoint at that place.
  "MillToken.checkpoints": "Panic([50])",
  // A public array, which reverts without data beyond its end.
  "MedianOracle.sources": "nothing",
};

const contractInterface = async (name: string): Promise<Interface> => (await ethers.getContractFactory(name)).interface;

/** Every contract that we deploy or hand out, with what it can be asked. */
const CONTRACTS: Readonly<Record<string, Interface>> = {
  MillToken: INTERFACES.token,
  Escrow: INTERFACES.escrow,
  AppRegistry: INTERFACES.appRegistry,
  DatasetRegistry: INTERFACES.datasetRegistry,
  PoolRegistry: INTERFACES.poolRegistry,
  Marketplace: INTERFACES.marketplace,
  Hub: INTERFACES.hub,
  MedianOracle: await contractInterface("MedianOracle"),
  SealedBidAuction: await contractInterface("SealedBidAuction"),
};

/** A market in the middle of its day: deals of every kind are open, votes are sealed, and two contracts ask. */
async function busyMarketFixture() {
  const market = await openMarketFixture();
  const { token, escrow, marketplace, hub, holder, operator, workers, appRegistry, datasetRegistry, poolRegistry } =
    market;
  const opened = await openDeal(market, { request: { dataset: DATASET, volume: 3 } });
  const inGrace = await openDeal(market, { pool: { grace: 7_200 } });
  const round = await roundOf(market, agreeing(workers.slice(0, 2), opened));
  await seal(market, round);
  await hub.connect(workers[5]).unbond(BOND);
  const signed = await signedOrders(market, ordersOf(market, { request: { dataset: DATASET } }));
  const batched = await requests(market, [{ dataset: DATASET }, { dataset: DATASET }]);
  const oracle = await ethers.deployContract("MedianOracle", [marketplace, APP, MILL, [operator.address]]);
  const now = (await ethers.provider.getBlock("latest"))!.timestamp;
  const terms = {
    asset: appRegistry,
    assetId: APP,
    reserve: 1n,
    deposit: 0n,
    bidsUntil: now + 600,
    revealsUntil: now + 1_200,
    app: APP,
    maxPoolPrice: MILL,
  };
  const auction = await ethers.deployContract("SealedBidAuction", [marketplace, terms]);
  for (const account of [escrow, hub, marketplace]) await token.connect(holder).approve(account, 2n ** 200n);
  await mine();
  const contracts = {
    MillToken: token,
    Escrow: escrow,
    AppRegistry: appRegistry,
    DatasetRegistry: datasetRegistry,
    PoolRegistry: poolRegistry,
    Marketplace: marketplace,
    Hub: hub,
    MedianOracle: oracle,
    SealedBidAuction: auction,
  };
  const at: Record<string, string> = {};
  for (const [name, contract] of Object.entries(contracts)) at[name] = await contract.getAddress();
  return { market, at, opened, inGrace, round, signed, batched };
}

type Stage = Awaited<ReturnType<typeof busyMarketFixture>>;

/** Calls that go through, of functions that arbitrary arguments alone would hardly ever reach. */
function knownCalls({ market, inGrace, round, signed, batched }: Stage): Readonly<Record<string, Call>> {
  const { holder, requester, appOwner, poolOwner, operator, stranger, workers } = market;
  const { app, dataset, pool, request } = signed;
  const by = (account: { readonly address: string }, ...args: readonly unknown[]): Call => ({
    from: account.address,
    args,
  });
  return {
    "MillToken.transfer": by(holder, stranger.address, MILL),
    "MillToken.burn": by(holder, MILL),
    "MillToken.delegate": by(holder, stranger.address),
    "Escrow.deposit": by(holder, MILL),
    "Escrow.depositFor": by(holder, stranger.address, MILL),
    "Escrow.depositWithPermit": by(holder, MILL, 0n, 27n, ethers.ZeroHash, ethers.ZeroHash),
    "Escrow.withdraw": by(stranger, MILL),
    "Escrow.withdrawTo": by(stranger, holder.address, MILL),
    "AppRegistry.transferFrom": by(appOwner, appOwner.address, stranger.address, APP),
    "PoolRegistry.setOperator": by(poolOwner, POOL, stranger.address),
    "PoolRegistry.setEndpoint": by(poolOwner, POOL, "https://elsewhere.example"),
    "Marketplace.matchOrders": by(stranger, app, dataset, pool, request),
    "Marketplace.matchBatch": by(stranger, app, dataset, pool, batched),
    "Marketplace.cancelRequestOrder": by(requester, request.order),
    "Hub.bond": by(workers[0]!, MILL),
    "Hub.unbond": by(workers[0]!, MILL),
    "Hub.seal": by(operator, POOL, LANE + 1, round.leaves),
    "Hub.settle": by(
      operator,
      round.pool,
      round.lane,
      round.deals.map(packDeal),
      round.tasks,
      round.ballots,
      round.callbacks,
    ),
    "Hub.decline": by(operator, packDeal(inGrace.deal)),
    "MedianOracle.publish": by(operator, 0n, ethers.id("file"), 10n, "https://source.example/1"),
  };
}

function meaningful({ market, at, opened, inGrace, round, signed, batched }: Stage): Meaningful {
  const { app, dataset, pool, request } = signed;
  return {
    addresses: [...everybody(market).map(({ address }) => address), ...Object.values(at), ethers.ZeroAddress],
    words: [ethers.ZeroHash, opened.dealId, opened.deal.requestHash, round.jointHash],
    amounts: [APP, 2n, 3n, MILL, BOND],
    structs: [
      packDeal(opened.deal),
      packDeal(inGrace.deal),
      app,
      dataset,
      pool,
      request,
      app.order,
      dataset.order,
      pool.order,
      request.order,
      ...batched,
      ...round.ballots,
    ],
  };
}

/** What the call reverts with; undefined where it goes through. */
async function revertOf({ at }: Stage, contract: string, data: string, from: string): Promise<Hex | undefined> {
  const call = { from, to: at[contract], data, gas: ethers.toQuantity(GAS), gasPrice: "0x0" };
  try {
    await ethers.provider.send("eth_call", [call, "latest"]);
    return undefined;
  } catch (error) {
    const { data: revert } = error as { readonly data?: Hex | { readonly data?: Hex } };
    return (typeof revert === "object" ? revert.data : revert) ?? "0x";
  }
}

/** The name of the error, as the contract or one that it calls declares it; a panic with its code. */
function nameOf(contract: string, revert: Hex): string {
  if (revert.length < 10) return "nothing";
  const own = CONTRACTS[contract]!.parseError(revert);
  const { name, args } = own ?? decodeRevert(revert) ?? { name: revert, args: {} };
  return name === "Panic" ? `Panic(${JSON.stringify(Object.values(args).map(Number))})` : name;
}

async function send({ at }: Stage, contract: string, data: string, from: string): Promise<void> {
  await networkHelpers.impersonateAccount(from);
  await networkHelpers.setBalance(from, 10n ** 20n);
  await ethers.provider.send("eth_sendTransaction", [{ from, to: at[contract], data, gas: ethers.toQuantity(GAS) }]);
}

/** All accounts that can have a balance after this call, besides the usual ones. */
function othersOf({ market, at }: Stage, { args }: Call): readonly string[] {
  const usual = everybody(market).map(({ address }) => address);
  const all = [...Object.values(at), ...addressesIn(args)].map((address) => ethers.getAddress(address));
  return [...new Set(all)].filter((address) => !usual.includes(address));
}

async function tryOut(stage: Stage, contract: string, fn: FunctionFragment, call: Call): Promise<void> {
  await loadFixture(busyMarketFixture);
  const data = CONTRACTS[contract]!.encodeFunctionData(fn, call.args);
  const revert = await revertOf(stage, contract, data, call.from);
  if (revert !== undefined) {
    const name = nameOf(contract, revert);
    const isMeant = MEANT[`${contract}.${fn.name}`] === name;
    if (!isMeant) expect(name, `${fn.name} reverts`).to.match(NAME).and.not.match(BUILT_IN);
  } else if (!fn.constant) {
    await send(stage, contract, data, call.from);
    // Only by the token's own functions can the escrow be given what it owes to nobody.
    const surplus = await surplusOf(stage.market, othersOf(stage, call));
    expect(contract === "MillToken" ? surplus >= 0n : surplus === 0n, `${fn.name} leaves ${surplus}`).to.equal(true);
  }
}

describe("every function of every contract", function () {
  if (full) this.timeout(600_000);

  for (const [contract, abi] of Object.entries(CONTRACTS)) {
    const functions = abi.fragments.filter((fragment) => FunctionFragment.isFragment(fragment));

    it(`goes through or reverts with an error of a name, and the books balance: ${contract}`, async function () {
      const stage = await loadFixture(busyMarketFixture);
      const values = meaningful(stage);
      const callers = everybody(stage.market).map(({ address }) => address);
      const known = knownCalls(stage);

      for (const fn of functions) {
        const call = known[`${contract}.${fn.name}`];
        const property = fc.asyncProperty(anyCall(fn, callers, values, call), (any) =>
          tryOut(stage, contract, fn, any),
        );
        await fc.assert(property, { numRuns: RUNS, ...(call && { examples: [[call]] }) });
      }
    });
  }

  it("is called as it should be, where a call is said to go through", async function () {
    const stage = await loadFixture(busyMarketFixture);

    for (const [name, { from, args }] of Object.entries(knownCalls(stage))) {
      const [contract, fn] = name.split(".") as [string, string];
      const revert = await revertOf(stage, contract, CONTRACTS[contract]!.encodeFunctionData(fn, args), from);
      expect(revert && nameOf(contract, revert), name).to.equal(undefined);
    }
  });
});
