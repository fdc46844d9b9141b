import type { ChainReader } from "../../chain/reader.ts";
import type { ChainProvider } from "../../chain/rpc.ts";
import { ballotSigner } from "../../chain/sign.ts";
import { createOwnerCheck } from "../../chain/signed-by.ts";
import type { Hearing } from "../http/hear-message.ts";

/** Signatures of workers and their owners, by the contracts of this deployment. */
export function createHearing(provider: ChainProvider, { deployment, ballotDomain }: ChainReader): Hearing {
  return {
    chainId: deployment.chainId,
    ballotSigner: (ballot, signature) => ballotSigner(ballot, signature, ballotDomain),
    isOwner: createOwnerCheck(provider, ballotDomain),
  };
}
