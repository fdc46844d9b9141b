import { randomBytes } from "node:crypto";

import type { Wallet } from "ethers";
import type { Logger } from "pino";

import { signBallot } from "../chain/sign.ts";
import type { Clock } from "../protocol/clock.ts";
import { MIB } from "../protocol/constants.ts";
import { dealDeadline } from "../protocol/deal.ts";
import type { Lease } from "../protocol/lease.ts";
import type { Address, Hash } from "../protocol/primitives.ts";
import { createAgent } from "./agent.ts";
import type { Agent, AgentDeps } from "./agent.ts";
import { openInputCache } from "./blobs/input-cache.ts";
import type { PoolBlobs } from "./blobs/pool-blobs.ts";
import { readManifest } from "./blobs/read-manifest.ts";
import { openResultStore } from "./blobs/result-store.ts";
import type { ChainLink } from "./chain/connect.ts";
import type { VoteSender } from "./chain/vote-sender.ts";
import type { WorkerConfig } from "./config.ts";
import type { Executor } from "./executor/executor.ts";
import type { Gateway } from "./gateway/gateway.ts";
import type { createWorkerMetrics, WorkerMetrics } from "./http/worker-metrics.ts";
import type { Journal } from "./journal/journal.ts";
import { createEngineWatch } from "./leasing/engine-watch.ts";
import type { EngineWatch } from "./leasing/engine-watch.ts";
import { createLeaseDesk } from "./leasing/lease-desk.ts";
import type { LeaseDesk } from "./leasing/lease-desk.ts";
import type { ResultStore } from "./leasing/perform-lease.ts";
import { createResourceLedger } from "./leasing/resource-ledger.ts";
import type { ResourceLedger, Share } from "./leasing/resource-ledger.ts";
import { uploadResult } from "./leasing/uploader.ts";
import { machineLoad } from "./machine.ts";
import type { Place } from "./place.ts";
import { createBallotDesk } from "./voting/ballot-desk.ts";
import type { BallotDesk } from "./voting/ballot-desk.ts";
import { createBookkeeping } from "./voting/bookkeeping.ts";
import type { Bookkeeping } from "./voting/bookkeeping.ts";
import { createKeptDesk } from "./voting/kept-desk.ts";
import type { KeptDesk } from "./voting/kept-desk.ts";
import { createOpener } from "./voting/opener.ts";
import type { Opener } from "./voting/opener.ts";
import { showManifest } from "./voting/show-manifest.ts";
import { createVoteBook } from "./voting/vote-book.ts";
import type { VoteBook } from "./voting/vote-book.ts";

/** The outside world of a worker, and who it is. */
type Surroundings = {
  readonly config: WorkerConfig;
  readonly place: Place;
  readonly share: Share;
  /** How fast one core of this machine is. */
  readonly score: number;
  readonly link: ChainLink;
  readonly wallet: Wallet;
  readonly voteSender: VoteSender;
  readonly address: Address;
  readonly base: URL;
  readonly journal: Journal;
  readonly executor: Executor;
  readonly gateway: Gateway;
  readonly blobs: PoolBlobs;
  readonly createMetrics: typeof createWorkerMetrics;
  readonly introduction: AgentDeps["introduction"];
  readonly log: Logger;
};

/** Every part of a worker, wired and at rest. */
export type Equipment = Surroundings & {
  readonly votes: VoteBook;
  readonly leases: LeaseDesk;
  readonly ledger: ResourceLedger;
  readonly ballots: BallotDesk;
  readonly opener: Opener;
  readonly kept: KeptDesk;
  readonly books: Bookkeeping;
  readonly agent: Agent;
  readonly metrics: WorkerMetrics;
  readonly accepting: () => boolean;
  readonly engine: EngineWatch;
  readonly isOverdue: (lease: Lease) => Promise<boolean>;
  /** Ends the uploads in progress. */
  readonly uploads: AbortController;
};

const systemClock: Clock = { now: () => Math.floor(Date.now() / 1_000) };

export async function equipWorker(around: Surroundings): Promise<Equipment> {
  const { config, journal, link, share, gateway, log } = around;
  const votes = createVoteBook(journal.votes, systemClock);
  const ledger = createResourceLedger(share);
  const results = await openResultStore(around.place.results, (path) =>
    journal.votes.all().some(({ result }) => result?.path === path),
  );
  const metrics: WorkerMetrics = around.createMetrics({
    running: () => leases.running().length,
    connected: () => agent.pool() !== undefined,
    rssBytes: () => process.memoryUsage.rss(),
  });
  const engine = createEngineWatch(around.executor, log);
  const leases = await equipLeasing(around, { votes, ledger, results, metrics, engine });
  const { ballots, opener, kept } = equipVoting(around, votes);
  const { discard } = results;
  const books = createBookkeeping({ votes, chain: link.chain, discard, clock: systemClock, log });
  const uploads = new AbortController();
  const accepting = (): boolean => !leases.draining() && engine.answers();
  const agent: Agent = createAgent({
    ...around,
    expected: { chainId: link.chainId, pool: config.pool },
    leases,
    ballots,
    opener,
    kept,
    books,
    show: (taskId, pool) => showManifest(taskId, pool, { votes, ballots, readManifest, send: gateway.send, log }),
    upload: uploaderFor(around, votes, uploads.signal),
    load: machineLoad,
    accepting,
    send: gateway.send,
  });
  const isOverdue = overdueBy(link);
  return {
    ...around,
    ...{ votes, leases, ledger, ballots, opener, kept, books, agent, metrics, accepting, engine, isOverdue, uploads },
  };
}

type LeasingParts = {
  readonly votes: VoteBook;
  readonly ledger: ResourceLedger;
  readonly results: ResultStore;
  readonly metrics: WorkerMetrics;
  readonly engine: EngineWatch;
};

async function equipLeasing(around: Surroundings, parts: LeasingParts): Promise<LeaseDesk> {
  const { config, place, blobs, journal, link, address, executor, score, gateway, log } = around;
  return createLeaseDesk({
    ...parts,
    executor,
    score,
    log,
    worker: address,
    leases: journal.leases,
    chain: link.chain,
    inputs: await openInputCache({ folder: place.inputs, quotaBytes: config.cacheMiB * MIB, blobs }),
    policy: { maxStake: config.maxStake, allowedImages: config.allowedImages },
    clock: systemClock,
    send: gateway.send,
    onRefused: (code) => {
      parts.metrics.refused(code);
      parts.engine.refused(code);
    },
    onAnswered: parts.metrics.answered,
  });
}

type VotingDesks = { readonly ballots: BallotDesk; readonly opener: Opener; readonly kept: KeptDesk };

function equipVoting(around: Surroundings, votes: VoteBook): VotingDesks {
  const { config, journal, link, address, wallet, gateway, log } = around;
  const shared = { worker: address, votes, ballots: journal.ballots, chain: link.chain };
  return {
    ballots: createBallotDesk({
      ...shared,
      sign: (ballot) => signBallot(ballot, wallet, link.ballotDomain),
      newSecret: () => `0x${randomBytes(32).toString("hex")}`,
      maxExposure: config.maxExposure,
      log,
    }),
    opener: createOpener({ ...shared, send: gateway.send, log }),
    kept: createKeptDesk({ ...shared, send: gateway.send, openOnChain: (vote) => around.voteSender.open(vote), log }),
  };
}

function uploaderFor({ journal, blobs, gateway, log }: Surroundings, votes: VoteBook, signal: AbortSignal) {
  const deps = { votes, ballots: journal.ballots, put: blobs.put, send: gateway.send, log };
  return (taskId: Hash): Promise<void> => uploadResult(taskId, deps, signal);
}

/** A run is of no use once no epoch can be sealed with its vote. */
function overdueBy({ chain }: ChainLink) {
  return async ({ dealId, index, deal }: Lease): Promise<boolean> => {
    const { now, taskClosed } = await chain.taskOf(dealId, index);
    return taskClosed || now > dealDeadline(deal);
  };
}
