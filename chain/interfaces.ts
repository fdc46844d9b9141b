import { Interface } from "ethers";

import type { Deployment } from "../protocol/deployment.ts";
import { appRegistryAbi } from "./abi/app-registry.ts";
import { datasetRegistryAbi } from "./abi/dataset-registry.ts";
import { escrowAbi } from "./abi/escrow.ts";
import { hubAbi } from "./abi/hub.ts";
import { marketplaceAbi } from "./abi/marketplace.ts";
import { millTokenAbi } from "./abi/mill-token.ts";
import { poolRegistryAbi } from "./abi/pool-registry.ts";

/** The contracts by their names in a deployment. */
export type ContractName = keyof Deployment["contracts"];

export const INTERFACES: Readonly<Record<ContractName, Interface>> = {
  token: new Interface(millTokenAbi),
  escrow: new Interface(escrowAbi),
  appRegistry: new Interface(appRegistryAbi),
  datasetRegistry: new Interface(datasetRegistryAbi),
  poolRegistry: new Interface(poolRegistryAbi),
  marketplace: new Interface(marketplaceAbi),
  hub: new Interface(hubAbi),
};

/** The registry that keeps each kind of asset. */
export const REGISTRY_OF = {
  app: "appRegistry",
  dataset: "datasetRegistry",
  pool: "poolRegistry",
} as const satisfies Record<string, ContractName>;
