import type { Logger } from "pino";

import { codeOf } from "../protocol/errors.ts";
import type { MessageOf, SchedulerMessage, WorkerMessage } from "../protocol/messages.ts";
import type { Hash } from "../protocol/primitives.ts";
import { OtherPoolError, WrongPoolError } from "./errors.ts";
import type { GatewayPeer, Heartbeat, Hello, Order, Welcome } from "./gateway/gateway.ts";
import type { Journal } from "./journal/journal.ts";
import type { LeaseDesk } from "./leasing/lease-desk.ts";
import { publicMessage } from "./public-message.ts";
import type { BallotDesk } from "./voting/ballot-desk.ts";
import type { Bookkeeping } from "./voting/bookkeeping.ts";
import type { KeptDesk } from "./voting/kept-desk.ts";
import type { Opener } from "./voting/opener.ts";
import { ballotMessage } from "./voting/opening.ts";
import { computedMessages } from "./voting/vote-book.ts";

export type AgentDeps = {
  /** What this worker is configured for; the pool is undefined where only its address is known. */
  readonly expected: { readonly chainId: number; readonly pool: bigint | undefined };
  readonly introduction: Omit<Hello, "type" | "protocol" | "leases">;
  readonly journal: Pick<Journal, "votes" | "leases">;
  readonly leases: LeaseDesk;
  readonly ballots: BallotDesk;
  readonly opener: Opener;
  readonly kept: KeptDesk;
  readonly books: Bookkeeping;
  readonly upload: (taskId: Hash) => Promise<void>;
  /** Says what a vote stands for, which gives it up unless it is open. */
  readonly show: (taskId: Hash, connected: bigint) => Promise<void>;
  readonly load: () => number;
  readonly accepting: () => boolean;
  readonly send: (message: WorkerMessage) => void;
  readonly log: Logger;
};

export type Agent = GatewayPeer & {
  /** The pool of the present connection; undefined while there is none. */
  readonly pool: () => bigint | undefined;
};

/** Most lease ids in one message. */
const MAX_LEASES = 4_096;

/** Turns what the pool says into work of the desks. */
export function createAgent(deps: AgentDeps): Agent {
  let pool: bigint | undefined;
  const handle = (what: string, work: Promise<void>): void => {
    work.catch((error: unknown) => deps.log.error({ err: error, what }, "could not be handled"));
  };
  return {
    pool: () => pool,
    hello: () => ({ type: "hello", protocol: 1, ...deps.introduction, leases: heldLeases(deps) }),
    heartbeat: (): Heartbeat => ({
      type: "heartbeat",
      leases: deps.leases.running().map(({ leaseId }) => leaseId),
      load: deps.load(),
      accepting: deps.accepting(),
    }),
    onLost: () => void (pool = undefined),
    onWelcome: (welcome) => {
      checkWelcome(welcome, deps.expected);
      pool = welcome.pool;
      deps.log.info({ pool }, "connected to the pool");
      sayAgain(deps, welcome.pool);
      handle("recovery", deps.leases.recover(welcome.pool));
      handle("openings", deps.opener.attempt());
    },
    onOrder: (order) => handle(order.type, obey(order, pool, deps)),
  };
}

/** @throws WrongPoolError */
function checkWelcome({ chainId, pool }: Welcome, expected: AgentDeps["expected"]): void {
  const details = { ...expected, says: { chainId, pool } };
  if (chainId !== BigInt(expected.chainId)) throw new WrongPoolError(`The pool works on chain ${chainId}`, { details });
  if (expected.pool !== undefined && pool !== expected.pool) {
    throw new WrongPoolError(`The gateway is that of pool ${pool}`, { details });
  }
}

/** What is worked on, and what has a vote that the pool may still want. */
function heldLeases({ journal }: AgentDeps): string[] {
  const working = journal.leases.all().map(({ lease }) => lease.leaseId);
  const voted = journal.votes.all().flatMap(({ standing, leaseIds }) => (standing === "computed" ? leaseIds : []));
  return [...new Set([...working, ...voted])].slice(0, MAX_LEASES);
}

/** The pool may have lost what it was told before. */
function sayAgain({ journal, opener, kept, send }: AgentDeps, pool: bigint): void {
  const open = journal.votes.all().filter((vote) => vote.standing === "computed" && vote.pool === pool);
  for (const message of open.flatMap(computedMessages)) send(message);
  opener.repeat();
  kept.repeat();
}

async function obey(order: Order, pool: bigint | undefined, deps: AgentDeps): Promise<void> {
  if (pool === undefined) return;
  switch (order.type) {
    case "lease":
      return deps.leases.offer(order.lease, pool);
    case "drop":
      return deps.leases.drop(order);
    case "ballot?":
      return answerBallot(order, pool, deps);
    case "sealed":
      return deps.opener.sealed(order);
    case "upload?":
      return deps.upload(order.taskId);
    case "manifest?":
      return deps.show(order.taskId, pool);
    case "settled":
      return deps.books.settled(order);
  }
}

async function answerBallot(
  wanted: MessageOf<SchedulerMessage, "ballot?">,
  connected: bigint,
  { ballots, send, log }: AgentDeps,
): Promise<void> {
  const { pool, lane, epoch } = wanted;
  try {
    if (pool !== connected)
      throw new OtherPoolError(`A ballot of pool ${pool} was asked for`, { details: { connected } });
    send(ballotMessage(await ballots.ballotFor(wanted)));
  } catch (error) {
    log.warn({ err: error, lane, epoch }, "no ballot");
    send({ type: "ballot-refused", pool, lane, epoch, code: codeOf(error), message: publicMessage(error) });
  }
}
