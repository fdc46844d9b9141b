/**
 * Deploys Gridmill's contracts to a network and prints the deployment file that services read:
 * `node scripts/deploy-network.ts --rpc URL --key-file F --passphrase-file F [--holder ADDRESS] >deployment.json`.
 * The key pays for it and must send nothing else meanwhile; the holder (default: the key) gets the whole supply of MILL.
 */
import { parseArgs } from "node:util";

import { JsonRpcProvider } from "ethers";
import { z } from "zod";

import { loadWallet } from "../chain/node/wallet.ts";
import { errorData } from "../protocol/errors.ts";
import { AddressSchema } from "../protocol/primitives.ts";

import { deployContracts } from "./deploy.ts";

const text = { type: "string" } as const;
const OPTIONS = { rpc: text, "key-file": text, "passphrase-file": text, holder: text };

const Asked = z.object({
  rpc: z.url({ protocol: /^https?$/ }),
  "key-file": z.string(),
  "passphrase-file": z.string(),
  holder: AddressSchema.optional(),
});

async function deploy(): Promise<void> {
  const asked = Asked.parse(parseArgs({ options: OPTIONS }).values);
  const wallet = await loadWallet({ keyFile: asked["key-file"], passphraseFile: asked["passphrase-file"] });
  const provider = new JsonRpcProvider(asked.rpc);
  try {
    const deployment = await deployContracts(wallet.connect(provider), asked.holder ?? wallet.address);
    console.log(JSON.stringify(deployment, undefined, 2));
  } finally {
    provider.destroy();
  }
}

try {
  await deploy();
} catch (error) {
  const { code, message } = errorData(error);
  console.error(error instanceof z.ZodError ? z.prettifyError(error) : `${code}: ${message}`);
  process.exitCode = 1;
}
