import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";

import { pack } from "tar-stream";

import { signBallot, signOwnership } from "../../chain/sign.ts";
import { signerOf } from "../../chain/signed-by.ts";
import type { OwnerCheck } from "../../chain/signed-by.ts";
import { sealOf, tagOf, votesHashOf } from "../../protocol/ballot.ts";
import { CALLBACK_FILE, callbackDigest, digestOf, manifestOf } from "../../protocol/digest.ts";
import { hasCallback } from "../../protocol/deal.ts";
import type { Lease } from "../../protocol/lease.ts";
import type { MessageOf, SchedulerMessage, WorkerMessage } from "../../protocol/messages.ts";
import { ownershipHash } from "../../protocol/ownership.ts";
import type { OwnerClaim } from "../../protocol/ownership.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import { BALLOT_DOMAIN } from "./scheduler-chain.ts";
import type { FakeHub } from "./scheduler-chain.ts";
import { CAPABILITIES, walletOf } from "./scheduler-records.ts";

/** How a worker of these tests behaves. Without anything it is honest and answers at once. */
export type Manners = {
  /** What it computes: the text whose hash is its digest. Default: an empty output, exit 0. */
  readonly text?: string;
  /** What it computes where a contract waits for the answer. */
  readonly answer?: Uint8Array;
  /** It says nothing from here on. */
  readonly silentAt?: "lease" | "accept" | "ballot" | "open" | "upload";
  /** It refuses leases with this code; after `accept`, it fails at them. */
  readonly refuses?: { readonly code: string; readonly after: "lease" | "accept" };
  /** The output that it uploads is not the one it voted for. */
  readonly corrupt?: boolean;
  /** What it shows when it is asked what its vote says. Default: just that. */
  readonly shows?: string;
  readonly slots?: number;
  /** Which machine it says that it is on. Default: one of its own. */
  readonly machine?: Hash;
  /** Whose it says that it is. */
  readonly owner?: OwnerClaim;
  /** What it says that its machine draws. */
  readonly watts?: number;
  /** Seconds that it says a seal may wait. Default 600. */
  readonly sealBySeconds?: number;
};

export const HONEST = manifestOf([], 0);
export const WRONG = manifestOf([], 1);

type Vote = { readonly digest: Hash; readonly leaseId: string; readonly answer?: Uint8Array };
type OwnBallot = {
  readonly secret: Hash;
  readonly sealBy: number;
  readonly message: MessageOf<WorkerMessage, "ballot">;
};

/** A worker with its journal: it keeps to the rules of a ballot, whatever its manners are. */
export class FakeWorker {
  readonly address: Address;
  readonly heard: SchedulerMessage[] = [];
  manners: Manners;
  readonly #wallet;
  readonly #hub: FakeHub;
  readonly #put: (bytes: Buffer, sha256: string) => Promise<void>;
  readonly #running = new Map<string, Hash>();
  readonly #votes = new Map<Hash, Vote>();
  readonly #ballots = new Map<string, OwnBallot>();

  constructor(index: number, hub: FakeHub, put: (bytes: Buffer, sha256: string) => Promise<void>, manners: Manners) {
    this.#wallet = walletOf(index);
    this.address = this.#wallet.address.toLowerCase() as Address;
    this.#hub = hub;
    this.#put = put;
    this.manners = manners;
  }

  /** What it says when it (re)connects. */
  hello(): readonly WorkerMessage[] {
    const own = this.#wallet.publicKey.slice(0, 2) + this.#wallet.publicKey.slice(4);
    const { slots = 2, machine = own as Hash, owner, watts } = this.manners;
    const leases = [...this.#running.keys(), ...[...this.#votes.values()].map(({ leaseId }) => leaseId)];
    return [
      {
        type: "hello",
        protocol: 1,
        agent: "fake/1",
        capabilities: CAPABILITIES,
        platform: "linux/amd64",
        slots,
        machine,
        ...(owner === undefined ? {} : { owner }),
        ...(watts === undefined ? {} : { watts }),
        leases,
      },
      ...[...this.#votes].map(([taskId, vote]) => computed(taskId, vote)),
    ];
  }

  async answer(message: SchedulerMessage): Promise<readonly WorkerMessage[]> {
    this.heard.push(message);
    switch (message.type) {
      case "lease":
        return this.onLease(message.lease);
      case "ballot?":
        return this.onBallotWanted(message);
      case "sealed":
        return this.onSealed(message);
      case "upload?":
        return this.onUploadWanted(message.taskId);
      case "manifest?":
        return [this.manifestOf(message.taskId)];
      case "drop":
        this.#running.delete(message.leaseId);
        return [];
      case "welcome":
      case "settled":
        return [];
    }
  }

  /** What opens the vote of its last ballot for a task: by itself on chain, or told to the pool once more. */
  openingOf(taskId: Hash): MessageOf<WorkerMessage, "open"> {
    const ballots = [...this.#ballots.values()].filter(({ message }) => message.votes.some((v) => v.taskId === taskId));
    const { secret, message } = ballots.at(-1)!;
    const { pool, lane, epoch } = message;
    return { type: "open", pool, lane, epoch, secret, digests: [{ taskId, digest: this.#votes.get(taskId)!.digest }] };
  }

  private manifestOf(taskId: Hash): WorkerMessage {
    const { text = HONEST, shows = text } = this.manners;
    return { type: "manifest", taskId, text: shows };
  }

  private onLease({ leaseId, taskId, deal }: Lease): readonly WorkerMessage[] {
    const known = this.#votes.get(taskId);
    if (known) {
      this.#votes.set(taskId, { ...known, leaseId });
      return [computed(taskId, { ...known, leaseId })];
    }
    return this.manners.refuses ? refusal(leaseId, this.manners.refuses) : this.run(leaseId, taskId, hasCallback(deal));
  }

  private run(leaseId: string, taskId: Hash, forContract: boolean): readonly WorkerMessage[] {
    const { silentAt, text = HONEST, answer } = this.manners;
    if (silentAt === "lease") return [];
    const accept = { type: "accept", leaseId } as const;
    if (silentAt === "accept") {
      this.#running.set(leaseId, taskId);
      return [accept];
    }
    const vote =
      forContract && answer ? { digest: callbackDigest(answer), leaseId, answer } : { digest: digestOf(text), leaseId };
    this.#votes.set(taskId, vote);
    return [accept, computed(taskId, vote)];
  }

  private async onBallotWanted(wanted: MessageOf<SchedulerMessage, "ballot?">): Promise<readonly WorkerMessage[]> {
    if (this.manners.silentAt === "ballot") return [];
    const { pool, lane, epoch } = wanted;
    const key = `${lane} ${epoch}`;
    const standing = this.#ballots.get(key);
    if (standing && this.#hub.now <= standing.sealBy) return [standing.message];

    const secret: Hash = `0x${createHash("sha256").update(`${key} ${this.#hub.now}`).digest("hex")}`;
    const votes = wanted.tasks.flatMap((taskId) => {
      const vote = this.#votes.get(taskId);
      return vote ? [{ taskId, seal: sealOf(this.address, taskId, vote.digest, secret) }] : [];
    });
    if (votes.length === 0) {
      return [{ type: "ballot-refused", pool, lane, epoch, code: "GM_NOTHING_TO_VOTE", message: "nothing" }];
    }
    const sealBy = this.#hub.now + (this.manners.sealBySeconds ?? 600);
    const votesHash = votesHashOf(votes);
    const signature = await signBallot({ pool, lane, epoch, sealBy, votesHash }, this.#wallet, BALLOT_DOMAIN);
    const message = { type: "ballot", pool, lane, epoch, sealBy, votes, signature } as const;
    this.#ballots.set(key, { secret, sealBy, message });
    return [message];
  }

  private onSealed({ pool, lane, epoch }: MessageOf<SchedulerMessage, "sealed">): readonly WorkerMessage[] {
    const ballot = this.#ballots.get(`${lane} ${epoch}`);
    if (!ballot || this.manners.silentAt === "open") return [];
    const digests = ballot.message.votes.map(({ taskId }) => ({ taskId, digest: this.#votes.get(taskId)!.digest }));
    return [{ type: "open", pool, lane, epoch, secret: ballot.secret, digests }];
  }

  private async onUploadWanted(taskId: Hash): Promise<readonly WorkerMessage[]> {
    const { silentAt, text = HONEST, corrupt = false } = this.manners;
    if (silentAt === "upload") return [];
    const answer = this.#votes.get(taskId)?.answer;
    const blob = await (answer
      ? answerBlob(corrupt ? Buffer.from("wrong") : answer)
      : resultBlob(corrupt ? WRONG : text));
    const sha256 = createHash("sha256").update(blob).digest("hex");
    await this.#put(blob, sha256);
    return [{ type: "uploaded", taskId, sha256, bytes: blob.length }];
  }
}

/** By keys alone: in these tests there are no contracts. */
export const isOwner: OwnerCheck = async (worker, { owner, signature }) =>
  signerOf(ownershipHash({ owner, worker }, BALLOT_DOMAIN), signature) === owner;

/** What wallet `index` signs of the worker of another wallet, that it is its own. */
export async function claimOf(index: number, of: number): Promise<OwnerClaim> {
  const [owner, worker] = [index, of].map((one) => walletOf(one).address.toLowerCase() as Address);
  const signature = await signOwnership({ owner: owner!, worker: worker! }, walletOf(index), BALLOT_DOMAIN);
  return { owner: owner!, signature };
}

function refusal(leaseId: string, { code, after }: NonNullable<Manners["refuses"]>): readonly WorkerMessage[] {
  const refuse = { type: "refuse", leaseId, code, message: "no" } as const;
  return after === "lease" ? [refuse] : [{ type: "accept", leaseId }, refuse];
}

function computed(taskId: Hash, { digest, leaseId }: Vote): MessageOf<WorkerMessage, "computed"> {
  return { type: "computed", leaseId, taskId, tag: tagOf(taskId, digest) };
}

/** The result of a task that a contract waits for. */
async function answerBlob(answer: Uint8Array): Promise<Buffer> {
  const sha256 = createHash("sha256").update(answer).digest("hex");
  const manifest = manifestOf([{ path: CALLBACK_FILE, bytes: answer.length, sha256 }], 0);
  const archive = pack();
  archive.entry({ name: "manifest", mtime: new Date(0) }, manifest);
  archive.entry({ name: `output/${CALLBACK_FILE}`, mtime: new Date(0) }, Buffer.from(answer));
  archive.finalize();
  return buffer(archive);
}

/** A result without files. */
export async function resultBlob(manifest: string): Promise<Buffer> {
  const archive = pack();
  archive.entry({ name: "manifest", mtime: new Date(0) }, manifest);
  archive.finalize();
  return buffer(archive);
}
