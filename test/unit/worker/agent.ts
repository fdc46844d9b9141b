import { join } from "node:path";

import { Wallet } from "ethers";

import type { SigningDomain } from "../../../protocol/orders.ts";
import { signingDomain } from "../../../protocol/orders.ts";
import { NO_RESOURCES, packResources } from "../../../protocol/capabilities.ts";
import type { SchedulerMessage, WorkerMessage } from "../../../protocol/messages.ts";
import { ZERO_HASH } from "../../../protocol/primitives.ts";
import type { Address } from "../../../protocol/primitives.ts";
import type { VoteSender } from "../../../worker/chain/vote-sender.ts";
import { loadConfig } from "../../../worker/config.ts";
import { equipWorker } from "../../../worker/equip-worker.ts";
import type { Equipment } from "../../../worker/equip-worker.ts";
import { createWorkerMetrics } from "../../../worker/http/worker-metrics.ts";
import { openSqliteJournal } from "../../../worker/journal/sqlite-journal.ts";
import type { Journal, Shelf } from "../../../worker/journal/journal.ts";
import { placeIn } from "../../../worker/place.ts";
import type { FakeChain, FakeExecutor } from "./fakes.ts";
import { POOL, silent } from "./fakes.ts";

const KEY = `0x${"07".repeat(32)}`;
export const wallet = new Wallet(KEY);
export const address = wallet.address.toLowerCase() as Address;
export const CHAIN_ID = 31_337;
export const domain: SigningDomain = signingDomain(BigInt(CHAIN_ID), `0x${"cc".repeat(20)}`);

/** Sends nothing. */
const NO_SENDER: VoteSender = { open: async () => {}, [Symbol.asyncDispose]: async () => {} };

/** A whole agent but for sockets, containers and chain; on a real journal. */
export type TestAgent = {
  readonly equipment: Equipment;
  /** What reached the pool. */
  readonly sent: WorkerMessage[];
  welcome(): void;
  order(message: Exclude<SchedulerMessage, { type: "welcome" }>): void;
  /** From here on nothing reaches disk or pool, as if the process had died. */
  kill(): void;
  /** Dies right after the journal's `count`-th write from here; resolves then. */
  killAfterWrites(count: number): Promise<void>;
};

export async function anAgent(folder: string, chain: FakeChain, executor: FakeExecutor): Promise<TestAgent> {
  const config = loadConfig({
    GRIDMILL_RPC_URLS: "http://127.0.0.1:1",
    GRIDMILL_DEPLOYMENT: "none",
    GRIDMILL_KEY: KEY,
    GRIDMILL_POOL: `${POOL}`,
    GRIDMILL_DATA: folder,
  });
  const sent: WorkerMessage[] = [];
  const life: Life = { writesLeft: Number.POSITIVE_INFINITY, dead: false, onDeath: () => {} };
  const share = { slots: 4, cpuMillicores: 8_000, memoryMiB: 4_096, diskMiB: 4_096 };
  const equipment = await equipWorker({
    config,
    place: placeIn(folder),
    share,
    score: 1_000,
    link: {
      chain,
      chainId: CHAIN_ID,
      ballotDomain: domain,
      isOwner: async () => true,
      voteSender: () => NO_SENDER,
      close: () => {},
    },
    voteSender: NO_SENDER,
    wallet,
    address,
    base: new URL("http://pool.test/"),
    journal: mortal(await openSqliteJournal(join(folder, "journal")), life),
    executor,
    gateway: { send: (message) => void (life.dead || sent.push(message)), run: async () => {} },
    blobs: { get: () => Promise.reject(new Error("no blobs here")), put: async () => {} },
    createMetrics: createWorkerMetrics,
    introduction: {
      agent: "gridmill/test",
      capabilities: packResources(NO_RESOURCES),
      platform: "linux/amd64",
      slots: 4,
      machine: ZERO_HASH,
    },
    log: silent,
  });
  const welcome = { type: "welcome", protocol: 1, pool: POOL, chainId: BigInt(CHAIN_ID), heartbeatMs: 1_000 } as const;
  return {
    equipment,
    sent,
    welcome: () => equipment.agent.onWelcome(welcome),
    order: (message) => equipment.agent.onOrder(message),
    kill: () => void (life.dead = true),
    killAfterWrites: (count) =>
      new Promise((resolve) => {
        life.writesLeft = count;
        life.onDeath = resolve;
      }),
  };
}

type Life = { writesLeft: number; dead: boolean; onDeath: () => void };

/** A journal of a process that may die: its last write still reaches the disk, and nothing after it. */
function mortal(journal: Journal, life: Life): Journal {
  const shelf = <T>(real: Shelf<T>): Shelf<T> => ({
    ...real,
    change: async (key, step) => {
      if (life.dead) return new Promise(() => {});
      const after = await real.change(key, step);
      life.writesLeft -= 1;
      if (life.writesLeft > 0) return after;
      life.dead = true;
      life.onDeath();
      return new Promise(() => {});
    },
  });
  const { leases, votes, ballots, close } = journal;
  return { leases: shelf(leases), votes: shelf(votes), ballots: shelf(ballots), close };
}
