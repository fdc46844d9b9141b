import type { Wallet } from "ethers";
import type { JsonRpcApiProvider } from "ethers";

import { createCalls } from "../../chain/calls.ts";
import { createFileJournal } from "../../chain/node/file-journal.ts";
import { createSenderChain } from "../../chain/sender-chain.ts";
import { createSender } from "../../chain/sender.ts";
import type { Deployment } from "../../protocol/deployment.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";

/** What opens one sealed vote. */
export type VoteKey = {
  readonly worker: Address;
  readonly taskId: Hash;
  readonly seal: Hash;
  readonly digest: Hash;
  readonly secret: Hash;
};

/** The only transactions that a worker sends by itself. */
export interface VoteSender extends AsyncDisposable {
  /**
   * Opens a vote on chain, once, and returns when that is confirmed.
   * @throws NoGasMoneyError, or what else a sender throws
   */
  open(vote: VoteKey): Promise<void>;
}

type VoteSenderDeps = {
  readonly provider: JsonRpcApiProvider;
  readonly deployment: Deployment;
  readonly wallet: Wallet;
  /** Where the journal of what was sent lies. */
  readonly folder: string;
  readonly confirmations: number;
  readonly onError: (error: unknown) => void;
};

export function createVoteSender({ provider, deployment, wallet, folder, ...options }: VoteSenderDeps): VoteSender {
  const calls = createCalls(deployment);
  const sender = createSender({
    ...options,
    chain: createSenderChain(provider),
    signer: wallet,
    journal: createFileJournal({ dir: folder }),
  });
  return {
    open: async ({ worker, taskId, seal, digest, secret }) => {
      await sender.send(`open:${seal}`, calls.openVote(worker, taskId, digest, secret));
    },
    [Symbol.asyncDispose]: () => sender[Symbol.asyncDispose](),
  };
}
