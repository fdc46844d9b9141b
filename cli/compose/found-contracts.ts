import { readFile } from "node:fs/promises";
import { join } from "node:path";

import type { Deployment } from "../../protocol/deployment.ts";
import { LOCAL_CHAIN_ID } from "../parts/anvil.ts";
import { privateFolder, writePrivate, writePrivateJson } from "../home.ts";
import { keyFile } from "../keystore.ts";
import { accountNames, ensureGenesis, ensureKeys } from "../local/genesis.ts";
import { saveNetwork } from "../networks.ts";
import type { CliNetwork } from "../networks.ts";

import { CHAIN_URL, COMMAND_HOME, COMPOSE_NETWORK, DEPLOYMENT_FILE, FOUNDER } from "./places.ts";
import { KEY_VOLUMES, MARKET_URL, WORKERS } from "./places.ts";

/**
 * Contracts, keys and funds, once; each service gets its own key and nobody else's. Done again it changes nothing.
 * @param imageRegistry `host:port` as the machine's engine knows it
 */
export async function foundContracts(imageRegistry: string): Promise<void> {
  await privateFolder(FOUNDER.root);
  const accounts = await ensureKeys(FOUNDER, accountNames(WORKERS));
  const deployment = await ensureGenesis(CHAIN_URL, FOUNDER, accounts);
  for (const [name, folder] of Object.entries(KEY_VOLUMES)) await giveKey(name, folder, "key");
  await giveKey("requester", join(COMMAND_HOME, "local/keys"), "requester");
  await saveNetwork(join(COMMAND_HOME, "networks.json"), COMPOSE_NETWORK, networkOf(deployment, imageRegistry));
  // Last: it is what the market waits for.
  await writePrivateJson(DEPLOYMENT_FILE, deployment);
}

/** Copies a keystore and the passphrase that opens it. */
async function giveKey(name: string, folder: string, as: string): Promise<void> {
  await writePrivate(join(folder, `${as}.json`), await readFile(keyFile(FOUNDER.keys, name), "utf8"));
  await writePrivate(join(folder, "passphrase"), await readFile(FOUNDER.passphrase, "utf8"));
}

/** As the command and the founder see it. */
export function networkOf(deployment: Deployment, imageRegistry: string): CliNetwork {
  const folder = join(COMMAND_HOME, "local/keys");
  return {
    chainId: LOCAL_CHAIN_ID,
    rpcUrls: [CHAIN_URL],
    marketUrl: MARKET_URL,
    confirmations: 0,
    deployment,
    imageRegistry,
    keys: { folder, passphraseFile: join(folder, "passphrase"), account: "requester" },
  };
}
