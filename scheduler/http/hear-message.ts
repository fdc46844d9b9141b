import type { OwnerCheck } from "../../chain/signed-by.ts";
import type { MessageOf, WorkerMessage } from "../../protocol/messages.ts";
import type { Address } from "../../protocol/primitives.ts";
import type { PoolContext } from "../actions/context.ts";
import { hearManifest, hearManifestRefused } from "../actions/hearing/hear-manifest.ts";
import {
  hearBallot,
  hearBallotRefused,
  hearOpen,
  hearUploaded,
  hearUploadFailed,
} from "../actions/hearing/hear-votes.ts";
import type { BallotSigner } from "../actions/hearing/hear-votes.ts";
import { hearHeartbeat, hearHello } from "../actions/hearing/hear-hello.ts";
import { hearAccept, hearComputed, hearProgress, hearRefuse } from "../actions/hearing/hear-worker.ts";

/** What hearing needs beside the pool. */
export type Hearing = {
  readonly chainId: number;
  readonly ballotSigner: BallotSigner;
  readonly isOwner: OwnerCheck;
};

type Hear<T extends WorkerMessage["type"]> = (
  pool: PoolContext,
  worker: Address,
  said: MessageOf<WorkerMessage, T>,
  hearing: Hearing,
) => Promise<void>;

/** Which action hears which message. */
const HEAR: { readonly [T in WorkerMessage["type"]]: Hear<T> } = {
  hello: (pool, worker, said, { isOwner }) => hearHello(pool, worker, said, isOwner),
  heartbeat: hearHeartbeat,
  accept: hearAccept,
  refuse: hearRefuse,
  progress: hearProgress,
  // Logs are for requester and beneficiary; nobody is given them yet, so they are not kept.
  log: () => Promise.resolve(),
  computed: hearComputed,
  ballot: (pool, worker, said, { ballotSigner }) => hearBallot(pool, worker, said, ballotSigner),
  "ballot-refused": hearBallotRefused,
  open: hearOpen,
  uploaded: hearUploaded,
  "upload-failed": hearUploadFailed,
  manifest: hearManifest,
  "manifest-refused": hearManifestRefused,
};

export function hearMessage(pool: PoolContext, worker: Address, said: WorkerMessage, hearing: Hearing): Promise<void> {
  const hear = HEAR[said.type] as Hear<WorkerMessage["type"]>;
  return hear(pool, worker, said, hearing);
}
