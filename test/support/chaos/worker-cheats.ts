import { randomBytes } from "node:crypto";

import { hexlify, Wallet } from "ethers";

import { signBallot } from "../../../chain/sign.ts";
import { sealOf, votesHashOf } from "../../../protocol/ballot.ts";
import { packResources, unpackResources } from "../../../protocol/capabilities.ts";
import { digestOf, failDigest } from "../../../protocol/digest.ts";
import type { MessageOf, WorkerMessage } from "../../../protocol/messages.ts";
import type { SigningDomain } from "../../../protocol/orders.ts";
import type { Address, Hash } from "../../../protocol/primitives.ts";
import type { RunOutcome } from "../../../worker/executor/executor.ts";

/** Who cheats, as far as it takes to sign. */
export type Cheat = { readonly wallet: Pick<Wallet, "address" | "signTypedData">; readonly domain: SigningDomain };

/** A message that goes out so many milliseconds later than it should. */
type Sent = { readonly message: WorkerMessage; readonly afterMs?: number };

/** One way to cheat: the real worker, but for this. */
export type WorkerCheat = {
  readonly name: string;
  /** What goes to the pool instead of a message; undefined: the message itself. */
  readonly twist?: (said: WorkerMessage, cheat: Cheat) => Promise<readonly Sent[]> | readonly Sent[] | undefined;
  /** What it says that a run came to. */
  readonly lie?: (outcome: RunOutcome) => RunOutcome;
  /** It does not open its votes on chain either. */
  readonly isMute?: true;
  /** Whether it loses a stake by it. */
  readonly isSlashed: boolean;
  /** Whether others wait for it until a kept vote counts as withheld. */
  readonly holdsUp?: true;
};

/** Longer than the pool waits for ballots and for openings. */
const TOO_LATE_MS = 12_000;
/** More than the burst that the gateway lets through. */
const FLOOD = 2_500;
/** More than one message may have. */
const HUGE_CHARS = 2 ** 21;

const randomHash = (): Hash => hexlify(randomBytes(32)) as Hash;

type Ballot = MessageOf<WorkerMessage, "ballot">;

/** The ballot with other seals, rightly signed. */
async function resealed(ballot: Ballot, { wallet, domain }: Cheat, voter: string): Promise<Ballot> {
  const { pool, lane, epoch, sealBy } = ballot;
  const secret = randomHash();
  const votes = ballot.votes.map(({ taskId }) => {
    return { taskId, seal: sealOf(voter.toLowerCase() as Address, taskId, randomHash(), secret) };
  });
  const signature = await signBallot({ pool, lane, epoch, sealBy, votesHash: votesHashOf(votes) }, wallet, domain);
  return { ...ballot, votes, signature };
}

/** Every way in which the protocol can be cheated by a worker. */
export const WORKER_CHEATS: readonly WorkerCheat[] = [
  {
    name: "votes a wrong digest",
    lie: (outcome) => ({ ...outcome, digest: digestOf(`a lie about ${outcome.digest}`) }),
    isSlashed: true,
  },
  {
    name: "sends its ballot too late",
    twist: (message) => (message.type === "ballot" ? [{ message, afterMs: TOO_LATE_MS }] : undefined),
    isSlashed: false,
  },
  {
    name: "opens its votes too late",
    twist: (message) => (message.type === "open" ? [{ message, afterMs: TOO_LATE_MS }] : undefined),
    isSlashed: false,
  },
  {
    name: "is silent after its ballot",
    twist: ({ type }) => (type === "open" ? [] : undefined),
    isMute: true,
    isSlashed: true,
    holdsUp: true,
  },
  {
    name: "signs two ballots",
    twist: async (message, cheat) =>
      message.type === "ballot"
        ? [{ message }, { message: await resealed(message, cheat, cheat.wallet.address) }]
        : [{ message }],
    isSlashed: false,
  },
  {
    name: "opens with a wrong secret",
    twist: (said) => (said.type === "open" ? [{ message: { ...said, secret: randomHash() } }] : undefined),
    isMute: true,
    isSlashed: true,
    holdsUp: true,
  },
  {
    name: "seals what another worker has sealed",
    twist: async (said, cheat) =>
      said.type === "ballot"
        ? [{ message: await resealed(said, cheat, Wallet.createRandom().address) }]
        : [{ message: said }],
    isMute: true,
    isSlashed: true,
    holdsUp: true,
  },
  {
    name: "offers hardware that it has not got",
    twist: (said) =>
      said.type === "hello" ? [{ message: { ...said, capabilities: boasted(said.capabilities) } }] : undefined,
    lie: ({ usage }) => ({ kind: "failed", reason: "memory", digest: failDigest("memory"), usage }),
    isSlashed: false,
  },
  {
    name: "floods its pool with messages",
    twist: (said) =>
      said.type === "hello"
        ? [{ message: said }, ...Array.from({ length: FLOOD }, () => ({ message: BEAT }))]
        : undefined,
    isSlashed: false,
  },
  {
    name: "sends huge frames",
    twist: (said) =>
      said.type === "computed"
        ? [{ message: said }, { message: { type: "log", leaseId: said.leaseId, text: "x".repeat(HUGE_CHARS) } }]
        : undefined,
    isSlashed: false,
  },
];

const BEAT: WorkerMessage = { type: "heartbeat", leases: [], load: 0, accepting: true };

function boasted(capabilities: Hash): Hash {
  const { memoryMiB, cpuMillicores, ...rest } = unpackResources(capabilities);
  return packResources({ ...rest, memoryMiB: memoryMiB * 16, cpuMillicores: cpuMillicores * 16 });
}
