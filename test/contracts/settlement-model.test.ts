import { readFileSync } from "node:fs";

import { expect } from "chai";
import fc from "fast-check";

import { changesOf, everybody, expectBooksToBalance } from "./support/books.ts";
import { ethers, loadFixture, networkHelpers, time } from "./support/chain.ts";
import { keptBy } from "./support/kept.ts";
import { DATASET, LANE, POOL, openMarketFixture } from "./support/market.ts";
import type { Market } from "./support/market.ts";
import { addressOf, openDeal } from "./support/orders.ts";
import type { Changes, OpenedDeal } from "./support/orders.ts";
import { roundOf, seal, secretOf, settle } from "./support/round.ts";
import type { Cast, KeptTask } from "./support/round.ts";
import { settleModel, told } from "./support/settlement-model.ts";
import type { ModelEvent, ModelOutcome, ModelTask, ModelWorker } from "./support/settlement-model.ts";
import { scenario } from "./support/settlement-scenario.ts";
import type { Scenario, Terms, Votes } from "./support/settlement-scenario.ts";
import { loadTestConfig } from "../support/config.ts";
import { sealOf } from "../../protocol/ballot.ts";
import { taskIdOf } from "../../protocol/deal.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";

const RUNS = { numRuns: loadTestConfig().full ? 500 : 30 };
/** Milliseconds; what is left of it after a failure goes into a smaller example. */
const LONGEST = RUNS.numRuns * 2_000;
const DIGESTS = [1, 2, 3].map((digest): Hash => `0x${String(digest).padStart(64, "0")}`);

/** Where `Hub` keeps its workers. */
const LAYOUT = readFileSync("snapshots/storage-layout.txt", "utf8");
const WORKERS_SLOT = BigInt(/^Hub\n(?:.+\n)*? +(\d+)\+0 _workers:/m.exec(LAYOUT)![1]!);
const SCORE_SHIFT = 232n;
const UNCHANGED = { available: 0n, locked: 0n };

type Closed = ReadonlySet<Hash>;
type State = { readonly closed: Closed; readonly kept: readonly KeptTask[] };
type Settled = Awaited<ReturnType<typeof settle>>;

describe("a settle and its model", function () {
  it("come to the same, whoever votes what on which deals", async function () {
    this.timeout(2 * LONGEST);
    await fc.assert(fc.asyncProperty(scenario, sameAsModel), {
      ...RUNS,
      interruptAfterTimeLimit: LONGEST,
      markInterruptAsFailure: true,
    });
  });
});

async function sameAsModel({ deals, workers, unbondedFor, isWorkersPool, rounds }: Scenario): Promise<void> {
  const market = await loadFixture(openMarketFixture);
  await prepare(market, workers);
  const seller = isWorkersPool ? await sellPool(market, market.workers[0]!) : market;
  await time.increase(unbondedFor + 1);
  const opened: OpenedDeal[] = [];
  for (const deal of deals) opened.push(await openDeal(seller, termsOf(deal)));
  opened.sort((a, b) => (BigInt(a.dealId) < BigInt(b.dealId) ? -1 : 1));
  let state: State = { closed: new Set(), kept: [] };
  for (const round of rounds) {
    await time.increase(round.wait);
    state = await settleBoth(market, opened, round, state);
  }
  await expectBooksToBalance(market);
}

/** Workers with these scores and bonds; scores are written, since to earn them would take thousands of tasks. */
async function prepare(market: Market, workers: Scenario["workers"]): Promise<void> {
  for (const [i, { score, unbonded }] of workers.entries()) {
    const account = market.workers[i]!;
    if (unbonded > 0n) await market.hub.connect(account).unbond(unbonded);
    await writeScore(market, account.address, BigInt(score));
    expect((await market.hub.workerOf(account)).score).to.equal(BigInt(score));
  }
}

/** The market as its orders are signed when the pool is `buyer`'s. */
async function sellPool(market: Market, buyer: Market["poolOwner"]): Promise<Market> {
  const { poolRegistry, poolOwner } = market;
  await poolRegistry.connect(poolOwner).transferFrom(poolOwner, buyer, POOL);
  return { ...market, poolOwner: buyer };
}

/** The uppermost 24 bits of its slot. */
async function writeScore({ hub }: Market, account: string, score: bigint): Promise<void> {
  const place = ethers.AbiCoder.defaultAbiCoder().encode(["address", "uint256"], [account, WORKERS_SLOT]);
  const [at, slot] = [await hub.getAddress(), ethers.keccak256(place)];
  const rest = BigInt(await networkHelpers.getStorageAt(at, slot)) & (2n ** SCORE_SHIFT - 1n);
  await networkHelpers.setStorageAt(at, slot, (score << SCORE_SHIFT) | rest);
}

function termsOf(deal: Terms): Changes {
  const { appPrice, datasetPrice, poolPrice, workerStake, schedulerShare, trust, maxWeight, volume, grace, category } =
    deal;
  const dataset = datasetPrice === undefined ? 0n : DATASET;
  return {
    app: { price: appPrice },
    dataset: { price: datasetPrice ?? 0n },
    pool: { price: poolPrice, workerStake, schedulerShare, grace, category },
    request: { dataset, trust, maxWeight, volume, category },
  };
}

/** Settles these votes on chain and by the model, and compares all that came of them. */
async function settleBoth(
  market: Market,
  opened: readonly OpenedDeal[],
  { votes, opens }: Scenario["rounds"][number],
  { closed, kept }: State,
): Promise<State> {
  const casts = castsOf(market, opened, votes);
  const carried = opens ? kept.map((task) => openingAll(market, task)) : kept;
  const round = await roundOf(market, casts, { deals: opened, kept: carried });
  await seal(market, round);
  const { sealedAt } = await market.hub.epochOf(POOL, LANE);
  await time.setNextBlockTimestamp(sealedAt + 1n);
  const tasks = await tasksOf(market, opened, casts, carried);
  const workers = await workersOf(market);
  const expected = settleModel({ sealedAt, settledAt: sealedAt + 1n, tasks, workers, closed });

  const burnBefore = await market.escrow.pendingBurn();
  let settled: Settled | undefined;
  const changes = await changesOf(market, everybody(market), async () => {
    settled = await settle(market, round);
  });

  expect(await eventsOf(market, settled!), "events").to.deep.equal(expected.events);
  const wanted = everybody(market).map((account) => expected.changes.get(addressOf(account)) ?? UNCHANGED);
  expect(changes, "balances").to.deep.equal(wanted);
  expect((await market.escrow.pendingBurn()) - burnBefore, "burned").to.equal(expected.burned);
  expect(await workersOf(market), "workers").to.deep.equal(expected.workers);
  expect(await closedOf(market, opened), "closed").to.deep.equal(expected.closed);
  return { closed: expected.closed, kept: await keptAfter(market, settled!, opened, { closed, kept }, expected) };
}

/** What is kept of open tasks: as the last settle that named one told it. */
async function keptAfter(
  market: Market,
  settled: Settled,
  opened: readonly OpenedDeal[],
  { kept }: State,
  { kept: keptNow, closed }: ModelOutcome,
): Promise<readonly KeptTask[]> {
  const tasks: KeptTask[] = [];
  for (const deal of opened) {
    for (let index = 0; index < deal.deal.volume; index++) {
      const taskId = taskIdOf(deal.dealId, index);
      const before = kept.find((task) => task.opened.dealId === deal.dealId && task.index === index);
      const task = keptNow.has(taskId) ? await keptBy(market, settled, deal, index) : before;
      const { votesHash } = await market.hub.keptVotesOf(taskId);
      const has = task !== undefined && task.votes.length > 0 && !closed.has(taskId);
      expect(BigInt(votesHash) !== 0n, "a record where votes are kept").to.equal(has);
      if (has) tasks.push(task);
    }
  }
  return tasks;
}

/** The same kept votes, all of them open. */
function openingAll({ workers }: Market, task: KeptTask): KeptTask {
  const taskId = taskIdOf(task.opened.dealId, task.index ?? 0);
  const votes = task.votes.map((vote) => {
    if (!vote.isSealed) return vote;
    const worker = workers.find((account) => addressOf(account) === vote.worker)!;
    const secret = secretOf(worker);
    const digest = DIGESTS.find((each) => sealOf(vote.worker, taskId, each, secret) === vote.word)!;
    return { ...vote, opening: { digest, secret } };
  });
  return { ...task, votes };
}

/** By deal, then by task, then by worker. */
function castsOf(market: Market, opened: readonly OpenedDeal[], votes: Votes): Cast[] {
  return opened.flatMap((deal, d) =>
    Array.from({ length: deal.deal.volume }, (_unused, index) =>
      votes[d]![index]!.flatMap(({ digest, isSealed }, w) =>
        digest === undefined
          ? []
          : [{ worker: market.workers[w]!, opened: deal, index, digest: DIGESTS[digest]!, silent: isSealed }],
      ),
    ).flat(),
  );
}

/** Those that somebody votes on, or voted on. */
async function tasksOf(
  { hub }: Market,
  opened: readonly OpenedDeal[],
  casts: readonly Cast[],
  carried: readonly KeptTask[],
): Promise<ModelTask[]> {
  const tasks: ModelTask[] = [];
  for (const { dealId, deal } of opened) {
    for (let index = 0; index < deal.volume; index++) {
      const isThis = (named: Cast | KeptTask): boolean => named.opened.dealId === dealId && named.index === index;
      const { keptAt } = await hub.keptVotesOf(taskIdOf(dealId, index));
      const kept = (carried.find(isThis)?.votes ?? []).map(({ worker, isSealed, word, opening }) => ({
        ...{ worker, digest: isSealed ? undefined : word, opening: opening?.digest },
      }));
      const votes = casts.filter(isThis).map(({ worker, digest, silent }) => ({
        ...{ worker: addressOf(worker), digest: silent ? undefined : digest },
      }));
      if (votes.length + kept.length > 0) tasks.push({ dealId, deal, index, keptAt, kept, votes });
    }
  }
  return tasks;
}

async function workersOf({ hub, workers }: Market): Promise<ReadonlyMap<Address, ModelWorker>> {
  const accounts = await Promise.all(
    workers.map(async (account): Promise<[Address, ModelWorker]> => {
      const { bonded, unbonding, readyAt, score } = await hub.workerOf(account);
      return [addressOf(account), { bonded, unbonding, readyAt, score }];
    }),
  );
  return new Map(accounts);
}

async function eventsOf({ hub }: Market, settled: Settled): Promise<ModelEvent[]> {
  const receipt = (await settled.wait())!;
  const at = (await hub.getAddress()).toLowerCase();
  return receipt.logs
    .filter(({ address }) => address.toLowerCase() === at)
    .map((log) => hub.interface.parseLog(log)!)
    .filter(({ name }) => name !== "EpochSettled")
    .map(({ name, args }) => [name, ...args.toArray().flatMap(plainly)] as ModelEvent);
}

type Argument = string | bigint | readonly (readonly [worker: string, isSealed: boolean, word: Hash])[];

/** Addresses in small letters, as everywhere outside ethers; kept votes as the model tells them. */
function plainly(value: Argument): readonly (string | bigint)[] {
  if (typeof value === "bigint") return [value];
  if (typeof value === "string") return [value.toLowerCase()];
  return value.map(([worker, isSealed, word]) =>
    told({ worker: worker.toLowerCase() as Address, digest: isSealed ? undefined : word }),
  );
}

async function closedOf({ hub }: Market, opened: readonly OpenedDeal[]): Promise<Closed> {
  const closed = new Set<Hash>();
  for (const { dealId, deal } of opened) {
    for (let index = 0; index < deal.volume; index++) {
      if (await hub.isClosed(dealId, index)) closed.add(taskIdOf(dealId, index));
    }
  }
  return closed;
}
