import { signOwnership } from "../chain/sign.ts";
import { createOwnerCheck } from "../chain/signed-by.ts";
import { OwnerUnprovenError } from "../protocol/errors.ts";
import type { OwnerStatement } from "../protocol/ownership.ts";
import type { Address } from "../protocol/primitives.ts";

import { accountOf } from "./grid-context.ts";
import type { GridContext } from "./grid-context.ts";

/** Workers of the signer. */
export interface Workers {
  /**
   * Signs whose a worker is, and sends nothing.
   * @param contract the owner, where it is a contract that takes the signer's signature (ERC-1271); else the signer is it
   * @throws OwnerUnprovenError where the contract does not take it
   */
  own(worker: Address, contract?: Address): Promise<OwnerStatement>;
}

export function createWorkers(context: GridContext): Workers {
  return { own: (worker, contract) => own(context, worker, contract) };
}

async function own(context: GridContext, worker: Address, contract?: Address): Promise<OwnerStatement> {
  const { network, provider, reader } = context;
  const { address, signer } = accountOf(context);
  const owner = contract ?? address;
  const signature = await signOwnership({ owner, worker }, signer, reader.ballotDomain);
  if (!(await createOwnerCheck(provider, reader.ballotDomain)(worker, { owner, signature }))) {
    throw new OwnerUnprovenError(`${owner} does not take a signature of ${address} for its own`, {
      details: { owner, signer: address },
      hint: "Sign with a key that the contract takes (ERC-1271): --account",
    });
  }
  const { chainId, deployment } = network;
  return { chainId, hub: deployment.contracts.hub, worker, owner, signature };
}
