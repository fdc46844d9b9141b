import { join } from "node:path";

import { walletOf } from "../signer.ts";
import type { Context } from "../context.ts";
import { writePrivateJson } from "../home.ts";
import { findNetwork } from "../networks.ts";

/** Variables of a service that options have set; undefined leaves what the environment says. */
export type OwnEnv = Readonly<Record<string, string | number | bigint | undefined>>;

/**
 * What a service of a network is configured by: chain, market and contracts as `networks.json` has them, the key that
 * signs on this command line, then the options, and for the rest the environment. The key stays in this process.
 * @param folder name of the data folder below those of the network, where neither option nor environment names one
 * @throws UnknownNetworkError | NoKeyError | WrongPassphraseError
 */
export async function serviceEnv(context: Context, folder: string, own: OwnEnv): Promise<NodeJS.ProcessEnv> {
  const { config, networkName, home } = context;
  const network = await findNetwork(home.networks, networkName);
  const place = join(home.services, networkName);
  const deploymentFile = join(place, "deployment.json");
  await writePrivateJson(deploymentFile, network.deployment);
  return {
    GRIDMILL_DATA: join(place, folder),
    ...config.serviceEnv,
    GRIDMILL_RPC_URLS: network.rpcUrls.join(","),
    GRIDMILL_MARKET_URL: network.marketUrl,
    GRIDMILL_CONFIRMATIONS: `${network.confirmations}`,
    GRIDMILL_DEPLOYMENT: deploymentFile,
    GRIDMILL_KEY: (await walletOf(context, network)).privateKey,
    ...(context.quiet ? { GRIDMILL_LOG_LEVEL: "error" } : {}),
    ...Object.fromEntries(
      Object.entries(own).flatMap(([name, value]) => (value === undefined ? [] : [[name, `${value}`]])),
    ),
  };
}
