import { expect } from "chai";
import { id as hashOf, toBeHex } from "ethers";
import type { HDNodeWallet } from "ethers";
import { pino } from "pino";

import { createEventSource } from "../../chain/event-source.ts";
import { createEventDecoder, findEvent } from "../../chain/events.ts";
import { signBallot, signOrder } from "../../chain/sign.ts";
import { leafOf, sealOf, votesHashOf } from "../../protocol/ballot.ts";
import { taskIdOf } from "../../protocol/deal.ts";
import type { Deal } from "../../protocol/deal.ts";
import type { Lease } from "../../protocol/lease.ts";
import { KEPT_OPEN_SECONDS } from "../../protocol/kept-votes.ts";
import type { WorkerMessage } from "../../protocol/messages.ts";
import type { PoolOrder, RequestOrder } from "../../protocol/orders.ts";
import { UNLIMITED, ZERO_ADDRESS, ZERO_HASH } from "../../protocol/primitives.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import { byWorker } from "../../protocol/settlement.ts";
import type { CarriedVote, KeptVote } from "../../protocol/settlement.ts";
import { createOperator } from "../../scheduler/chain/operator.ts";
import type { EpochRecord, SignedBallot } from "../../scheduler/domain/epochs/epoch-state.ts";
import { planSettle } from "../../scheduler/domain/epochs/settle-plan.ts";
import type { Openings } from "../../scheduler/domain/epochs/settle-plan.ts";
import type { TaskVerdict } from "../../scheduler/ports.ts";
import { createReaderChain } from "../../worker/chain/reader-chain.ts";
import { createVoteSender } from "../../worker/chain/vote-sender.ts";
import { createBallotDesk } from "../../worker/voting/ballot-desk.ts";
import { createKeptDesk } from "../../worker/voting/kept-desk.ts";
import { createVoteBook } from "../../worker/voting/vote-book.ts";
import { startGrid } from "../support/chain/grid.ts";
import type { TestGrid } from "../support/chain/grid.ts";
import { inSuite } from "../support/in-suite.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";
import { aLease, memoryJournal } from "../unit/worker/fakes.ts";

const RIGHT = hashOf("right") as Hash;
const STAKE = 100n;
const BOND = 10_000n;
const [OWNER, OPERATOR, REQUESTER] = [1, 2, 3] as const;
const silent = pino({ level: "silent" });

type Opened = { readonly deal: Deal; readonly dealId: Hash; readonly taskId: Hash };
/** How one worker votes in an epoch: nobody opens the vote of one that is `sealed`. */
type Cast = { readonly worker: number; readonly sealed?: boolean };

/** The pool's and the worker's side of kept votes, each as in its service, on the contracts themselves. */
describe("kept votes, on Anvil", function () {
  this.timeout(60_000);
  const world = inSuite(async () => {
    const grid = await startGrid();
    await furnish(grid);
    return grid;
  });
  const walletOf = (index: number): HDNodeWallet => world().wallet(index);
  const addressOf = (index: number): Address => walletOf(index).address.toLowerCase() as Address;
  const secretOf = (worker: number): Hash => hashOf(`secret ${worker}`) as Hash;
  let nonce = 0n;

  /** The escrow is funded, app and pool are registered, five workers have bonds. */
  async function furnish({ calls, sender, wallet }: TestGrid): Promise<void> {
    await using holder = sender(0);
    await using owner = sender(OWNER);
    await holder.send("allow", calls.allowDeposit(10n ** 9n));
    for (let index = 1; index < 9; index++) {
      const account = wallet(index).address.toLowerCase() as Address;
      await holder.send(`fund ${index}`, calls.depositFor(account, BOND * 10n));
    }
    await owner.send("app", calls.registerApp("registry.example/app", hashOf("image") as Hash));
    await owner.send(
      "pool",
      calls.registerPool(wallet(OPERATOR).address.toLowerCase() as Address, "https://p.example"),
    );
    for (let index = 4; index < 9; index++) {
      await using worker = sender(index);
      await worker.send("bond", calls.bond(BOND));
    }
  }

  async function openDeal(): Promise<Opened> {
    const { reader, calls, sender, deployment } = world();
    const expiry = (await reader.now()) + 86_400;
    const ask = { price: STAKE, expiry, counter: 0n, salt: ZERO_HASH, onlyRequester: ZERO_ADDRESS, volume: UNLIMITED };
    const app = { app: 1n, ...ask, onlyDataset: 0n, onlyPool: 0n };
    const terms = { category: 0, maxTrust: 10, capabilities: ZERO_HASH, lane: 0, workerStake: 10_000, grace: 0 };
    const pool: PoolOrder = { pool: 1n, ...ask, ...terms, schedulerShare: 500, onlyApp: 0n, onlyDataset: 0n };
    const requester = addressOf(REQUESTER);
    const request: RequestOrder = {
      ...{ app: 1n, dataset: 0n, pool: 1n, maxAppPrice: STAKE, maxDatasetPrice: 0n, maxPoolPrice: STAKE },
      ...{ requester, payer: requester, beneficiary: requester, callback: ZERO_ADDRESS, trust: 3, maxWeight: 16 },
      ...{ category: 0, requirements: ZERO_HASH, paramsHash: RIGHT, volume: 1, nonce: nonce++, expiry },
    };
    const domain = reader.orderDomain;
    await using anybody = sender(REQUESTER);
    const { logs } = await anybody.send(
      `match ${nonce}`,
      calls.matchOrders({
        app: { order: app, signature: await signOrder("app", app, walletOf(OWNER), domain) },
        pool: { order: pool, signature: await signOrder("pool", pool, walletOf(OWNER), domain) },
        request: { order: request, signature: await signOrder("request", request, walletOf(REQUESTER), domain) },
      }),
    );
    const { deal, dealId } = findEvent(createEventDecoder(deployment), logs, "DealOpened")!;
    await pass(1); // not in the second in which it was opened
    return { deal, dealId, taskId: taskIdOf(dealId, 0) };
  }

  async function ballotOf({ taskId }: Opened, worker: number, epoch: number): Promise<SignedBallot> {
    const { reader } = world();
    const votes = [{ taskId, seal: sealOf(addressOf(worker), taskId, RIGHT, secretOf(worker)) }];
    const [sealBy, votesHash] = [(await reader.now()) + 600, votesHashOf(votes)];
    const ballot = { pool: 1n, lane: 0, epoch, sealBy, votesHash };
    const signature = await signBallot(ballot, walletOf(worker), reader.ballotDomain);
    return { worker: addressOf(worker), sealBy, votes, signature };
  }

  /** Seals an epoch of these votes and settles it as a pool does that brings these kept votes. */
  async function epochOf(
    opened: Opened,
    casts: readonly (Cast | SignedBallot)[],
    kept: readonly CarriedVote[] = [],
  ): Promise<readonly TaskVerdict[]> {
    const { reader, calls, sender, deployment } = world();
    const { dealId, taskId, deal } = opened;
    await using from = sender(OPERATOR);
    const decoder = createEventDecoder(deployment);
    const operator = createOperator({
      pool: 1n,
      sender: from,
      hold: { why: async () => undefined, failed: () => {} },
      calls,
      decoder,
      reader,
      onGas: () => {},
    });
    const epoch = (await reader.epochOf(1n, 0)).epoch + 1;
    const signed = casts.map(async (cast) => ("votes" in cast ? cast : ballotOf(opened, cast.worker, epoch)));
    const ballots = [...(await Promise.all(signed))].sort(byWorker);
    const open = casts.flatMap((cast) => ("votes" in cast || cast.sealed ? [] : [cast.worker]));
    const openings: Openings = Object.fromEntries(
      open.map((worker) => [addressOf(worker), { secret: secretOf(worker), digests: { [taskId]: RIGHT } }]),
    );
    const leaves = ballots.map(({ worker, votes }) => leafOf(worker, votesHashOf(votes)));
    await operator.seal(0, epoch, leaves);
    await pass(1);
    const record: EpochRecord = {
      ...{ lane: 0, epoch, state: "settling", revision: 0, asked: {}, ballotsUntil: 0, leaves, uploads: {} },
      tasks: [{ taskId, dealId, index: 0, byKept: ballots.length === 0 }],
      ballots,
    };
    const facts = { deals: new Map([[dealId, deal]]), undelivered: new Set<Hash>(), preimages: new Map() };
    return await operator.settle(planSettle(record, openings, { ...facts, kept: new Map([[taskId, kept]]) }), {
      ...{ epoch, sealedAt: 0 },
    });
  }

  const pass = async (seconds: number): Promise<void> => {
    await world().provider.send("evm_increaseTime", [seconds]);
    await world().mine();
  };
  const bondOf = async (worker: number): Promise<bigint> => (await world().reader.workerOf(addressOf(worker))).bonded;
  const keptIn = (verdicts: readonly TaskVerdict[]): readonly KeptVote[] =>
    verdicts.flatMap((verdict) => (verdict.kind === "kept" ? verdict.votes : []));

  it("of a worker that stays silent cost it its stake, and the others are paid once", async function () {
    const deal = await openDeal();
    const kept = keptIn(await epochOf(deal, [{ worker: 4 }, { worker: 5, sealed: true }]));
    expect(kept.map(({ isSealed }) => isSealed).sort()).to.deep.equal([false, true]);
    await pass(KEPT_OPEN_SECONDS + 1);

    const verdicts = await epochOf(deal, [{ worker: 6 }], kept);

    expect(verdicts).to.deep.equal([
      { kind: "withheld", taskId: deal.taskId, worker: addressOf(5) },
      { kind: "settled", taskId: deal.taskId, digest: RIGHT },
    ]);
    expect([await bondOf(4), await bondOf(5), await bondOf(6)]).to.deep.equal([BOND, BOND - STAKE, BOND]);
    expect(await world().reader.keptVotesOf(deal.taskId)).to.deep.equal({ keptAt: 0, votesHash: toBeHex(0, 27) });
  });

  it("that a pool leaves sealed are found by their worker and opened on chain, and cost it nothing", async function () {
    const deal = await openDeal();
    await using agent = await anAgent(4, deal);
    const ballot = await agent.ballot();
    const kept = keptIn(await epochOf(deal, [ballot, { worker: 5 }]));
    await agent.review();
    expect([agent.kept(), agent.sent.map(({ type }) => type)]).to.deep.equal([true, ["open"]]);

    await pass(KEPT_OPEN_SECONDS / 2 + 1);
    await agent.review();
    const { seal } = ballot.votes[0]!;
    await waitFor("the vote is open", () => world().reader.isOpened(seal));
    await pass(KEPT_OPEN_SECONDS);
    const again = await epochOf(deal, [], kept);

    expect(again).to.deep.equal([{ kind: "kept", taskId: deal.taskId, votes: kept }]);
    const opening = { digest: RIGHT, secret: agent.secret() };
    const brought = kept.map((vote) => (vote.worker === addressOf(4) ? { ...vote, opening } : vote));
    expect(await epochOf(deal, [], brought)).to.deep.equal([{ kind: "settled", taskId: deal.taskId, digest: RIGHT }]);
    expect(await bondOf(4)).to.equal(BOND);
  });

  /** A worker's voting side, on the real chain, with a sender of its own. */
  async function anAgent(index: number, { deal, dealId, taskId }: Opened) {
    const { reader, provider, deployment } = world();
    const folder = await tempDir();
    const events = createEventSource({ provider, deployment, kinds: ["TaskKept"] });
    const chain = createReaderChain(reader, events, 0);
    const journal = memoryJournal();
    const votes = createVoteBook(journal.votes, { now: () => 0 });
    const sent: WorkerMessage[] = [];
    const options = { provider, deployment, folder: folder.path, confirmations: 0, onError: () => {} };
    const voteSender = createVoteSender({ ...options, wallet: walletOf(index) as never });
    const shared = { worker: addressOf(index), votes, ballots: journal.ballots, chain, log: silent };
    const desk = createBallotDesk({
      ...{ ...shared, newSecret: () => hashOf(`agent ${taskId}`) as Hash, maxExposure: 10n ** 24n },
      sign: (signing) => signBallot(signing, walletOf(index), reader.ballotDomain),
    });
    const send = (message: WorkerMessage): void => void sent.push(message);
    const kept = createKeptDesk({ ...shared, send, openOnChain: (vote) => voteSender.open(vote) });
    const lease: Lease = aLease({ deal, dealId, taskId });
    await votes.record(lease, { digest: RIGHT });
    return {
      sent,
      kept: () => votes.get(taskId)?.kept?.seal !== undefined,
      secret: () => journal.ballots.all()[0]!.secret,
      ballot: async (): Promise<SignedBallot> => {
        const epoch = (await reader.epochOf(1n, 0)).epoch + 1;
        const {
          sealBy,
          votes: sealed,
          signature,
        } = await desk.ballotFor({
          ...{ type: "ballot?", pool: 1n, lane: 0, epoch, tasks: [taskId] },
        });
        return { worker: addressOf(index), sealBy, signature, votes: sealed };
      },
      review: async () => {
        await desk.review();
        await kept.review();
      },
      [Symbol.asyncDispose]: async () => {
        await voteSender[Symbol.asyncDispose]();
        await folder[Symbol.asyncDispose]();
      },
    };
  }
});
