import type { Lease } from "../../../protocol/lease.ts";
import type { WorkerMessage } from "../../../protocol/messages.ts";
import type { RunOutcome } from "../../../worker/executor/executor.ts";
import type { Journal } from "../../../worker/journal/journal.ts";
import { createLeaseDesk } from "../../../worker/leasing/lease-desk.ts";
import type { LeaseDesk } from "../../../worker/leasing/lease-desk.ts";
import type { InputStore } from "../../../worker/leasing/perform-lease.ts";
import { createResourceLedger } from "../../../worker/leasing/resource-ledger.ts";
import type { ResourceLedger } from "../../../worker/leasing/resource-ledger.ts";
import { createVoteBook } from "../../../worker/voting/vote-book.ts";
import type { VoteBook } from "../../../worker/voting/vote-book.ts";
import { waitFor } from "../../support/wait-for.ts";
import { aLease, FakeChain, FakeExecutor, memoryJournal, NOW, POOL, SCORE, silent, WORKER } from "./fakes.ts";

/** The leasing side of a worker with everything outside it faked, restartable. */
export type Leasing = {
  readonly desk: LeaseDesk;
  readonly votes: VoteBook;
  readonly journal: Journal;
  readonly chain: FakeChain;
  readonly executor: FakeExecutor;
  readonly ledger: ResourceLedger;
  readonly sent: WorkerMessage[];
  readonly discarded: string[];
  readonly inputs: { hold: InputStore["hold"] };
  /** What was said of leases, without progress and logs, as `type code`. */
  said(): readonly string[];
  restart(): Leasing;
};

type Given = { journal?: Journal; chain?: FakeChain; slots?: number };

export function aLeasing(given: Given = {}): Leasing {
  const { journal = memoryJournal(), chain = new FakeChain(), slots = 2 } = given;
  const executor = new FakeExecutor();
  const sent: WorkerMessage[] = [];
  const discarded: string[] = [];
  const inputs: Leasing["inputs"] = {
    hold: async (wanted) => ({
      files: wanted.map(({ name, sha256 }) => ({ name, path: `/cache/${sha256}` })),
      [Symbol.dispose]: () => {},
    }),
  };
  const votes = createVoteBook(journal.votes, { now: () => NOW });
  const ledger = createResourceLedger({ slots, cpuMillicores: 8_000, memoryMiB: 4_096, diskMiB: 4_096 });
  const desk = createLeaseDesk({
    worker: WORKER,
    leases: journal.leases,
    votes,
    chain,
    executor,
    score: SCORE,
    ledger,
    policy: { maxStake: 100n, allowedImages: [] },
    clock: { now: () => NOW },
    inputs: { hold: (...args) => inputs.hold(...args) },
    results: {
      pathFor: (leaseId) => `/results/${leaseId}.tar`,
      keep: async (path) => ({ path, sha256: "ab".repeat(32), bytes: 10 }),
      discard: async (path) => void discarded.push(path),
    },
    send: (message) => void sent.push(message),
    log: silent,
    onRefused: () => {},
    onAnswered: () => {},
  });
  const said = (): readonly string[] =>
    sent.flatMap((message) => {
      if (message.type === "progress" || message.type === "log") return [];
      return "code" in message ? [`${message.type} ${message.code}`] : [message.type];
    });
  const restart = (): Leasing => aLeasing({ journal, chain, slots });
  return { desk, votes, journal, chain, executor, ledger, sent, discarded, inputs, said, restart };
}

/** A lease that the executor has; the test ends it. */
export type Running = {
  readonly lease: Lease;
  /** When the desk is done with it. */
  readonly done: Promise<void>;
  readonly resolve: (outcome: RunOutcome) => void;
  readonly reject: (error: unknown) => void;
};

/** Offers a lease and waits until the executor has it. */
export async function running(leasing: Leasing, lease = aLease()): Promise<Running> {
  const done = leasing.desk.offer(lease, POOL);
  await waitFor("the run", () => leasing.executor.endings.has(lease.leaseId));
  const { resolve, reject } = leasing.executor.endings.get(lease.leaseId)!;
  return { lease, done, resolve, reject };
}
