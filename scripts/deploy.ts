import { ContractFactory, getCreateAddress } from "ethers";
import type { BaseContract, InterfaceAbi, Signer } from "ethers";

import { appRegistryAbi, appRegistryBytecode } from "../chain/abi/app-registry.ts";
import { datasetRegistryAbi, datasetRegistryBytecode } from "../chain/abi/dataset-registry.ts";
import { escrowAbi, escrowBytecode } from "../chain/abi/escrow.ts";
import { hubAbi, hubBytecode } from "../chain/abi/hub.ts";
import { marketplaceAbi, marketplaceBytecode } from "../chain/abi/marketplace.ts";
import { millTokenAbi, millTokenBytecode } from "../chain/abi/mill-token.ts";
import { poolRegistryAbi, poolRegistryBytecode } from "../chain/abi/pool-registry.ts";
import { DeploymentSchema } from "../protocol/deployment.ts";
import type { Deployment } from "../protocol/deployment.ts";

type Step = { readonly abi: InterfaceAbi; readonly bytecode: string; readonly args: readonly string[] };
type Addresses = Deployment["contracts"];

/** In the order of creation; a contract's place is its distance from the signer's first nonce. */
const ORDER = [
  "token",
  "escrow",
  "appRegistry",
  "datasetRegistry",
  "poolRegistry",
  "marketplace",
  "hub",
] as const satisfies readonly (keyof Addresses)[];

/**
 * Deploys Gridmill with plain ethers. The contracts name each other in their constructors, so their addresses are
 * computed beforehand from the signer's nonces; the signer must send nothing else meanwhile.
 * @param signer pays, must be connected to a provider
 * @param holder gets the whole supply of MILL
 * @throws when a transaction fails or a contract lands elsewhere
 */
export async function deployContracts(signer: Signer, holder: string): Promise<Deployment> {
  const firstNonce = await signer.getNonce("pending");
  const from = await signer.getAddress();
  const contracts = Object.fromEntries(
    ORDER.map((name, index) => [name, getCreateAddress({ from, nonce: firstNonce + index })]),
  ) as Addresses;

  const steps = stepsOf(contracts, holder);
  const sent: BaseContract[] = [];
  for (const [index, name] of ORDER.entries()) {
    const { abi, bytecode, args } = steps[name];
    const factory = new ContractFactory(abi, bytecode, signer);
    sent.push(await factory.deploy(...args, { nonce: firstNonce + index }));
  }
  const blocks = await Promise.all(sent.map(blockOf));
  const { chainId } = await signer.provider!.getNetwork();
  return DeploymentSchema.parse({ chainId: Number(chainId), block: Math.min(...blocks), contracts });
}

function stepsOf(to: Addresses, holder: string): Record<(typeof ORDER)[number], Step> {
  return {
    token: { abi: millTokenAbi, bytecode: millTokenBytecode, args: [holder] },
    escrow: { abi: escrowAbi, bytecode: escrowBytecode, args: [to.token, to.marketplace, to.hub] },
    appRegistry: { abi: appRegistryAbi, bytecode: appRegistryBytecode, args: [] },
    datasetRegistry: { abi: datasetRegistryAbi, bytecode: datasetRegistryBytecode, args: [] },
    poolRegistry: { abi: poolRegistryAbi, bytecode: poolRegistryBytecode, args: [to.hub] },
    marketplace: {
      abi: marketplaceAbi,
      bytecode: marketplaceBytecode,
      args: [to.escrow, to.hub, to.appRegistry, to.datasetRegistry, to.poolRegistry],
    },
    hub: { abi: hubAbi, bytecode: hubBytecode, args: [to.escrow, to.poolRegistry, to.marketplace] },
  };
}

async function blockOf(contract: BaseContract): Promise<number> {
  const receipt = await contract.deploymentTransaction()?.wait();
  if (!receipt || receipt.contractAddress !== (await contract.getAddress())) {
    throw new Error(`A contract was not created at ${await contract.getAddress()}`);
  }
  return receipt.blockNumber;
}
