import { dirname, join } from "node:path";

import { createFileJournal } from "../chain/node/file-journal.ts";
import type { SenderJournal } from "../chain/sender-journal.ts";
import { connect as connectSdk } from "../sdk/grid.ts";
import type { Grid, GridOptions } from "../sdk/grid.ts";

import type { Context } from "./context.ts";
import { requireUp } from "./local/local-state.ts";
import { localPaths } from "./local/paths.ts";
import { findNetwork, LOCAL_NETWORK } from "./networks.ts";
import type { CliNetwork } from "./networks.ts";
import { walletOf } from "./signer.ts";

/** Connects to the network that the command line names, to read only: no key is opened. */
export async function connectToRead(context: Context): Promise<Grid> {
  const { networkName, home } = context;
  return await reach(context, { network: sdkNetwork(await findNetwork(home.networks, networkName)) });
}

/**
 * Connects with the key to sign with: that of `--account`, else `GRIDMILL_KEY`, else the network's own, else `default`.
 * @throws UnknownNetworkError | NoKeyError | WrongPassphraseError, and what the SDK throws
 * @param wrap gets the journal of the account's transactions, for tests that stand between
 */
export async function connectToSign(
  context: Context,
  wrap: (journal: SenderJournal) => SenderJournal = (journal) => journal,
): Promise<Grid & { readonly address: `0x${string}` }> {
  const { networkName, home } = context;
  const network = await findNetwork(home.networks, networkName);
  const signer = await walletOf(context, network);
  const journal = wrap(createFileJournal({ dir: journalFolder(context, network) }));
  const onError = (error: unknown): void => context.progress(`still trying: ${(error as Error).message}`);
  const grid = await reach(context, { network: sdkNetwork(network), signer, journal, onError });
  return { ...grid, address: signer.address.toLowerCase() as `0x${string}` };
}

/** @throws NotUpError for a local network whose market does not run: that says more than that its chain is silent */
async function reach({ networkName, home }: Context, options: GridOptions): Promise<Grid> {
  try {
    return await connectSdk(options);
  } catch (error) {
    if (networkName === LOCAL_NETWORK) await requireUp(localPaths(home.local).state);
    throw error;
  }
}

/** A journal belongs to one chain's data: that of a local network goes when the network is made afresh. */
function journalFolder({ home, networkName }: Context, { keys }: CliNetwork): string {
  return keys ? join(dirname(keys.folder), "journals") : join(home.journals, networkName);
}

/** Where the runs of the network are written down while they go on. */
export async function runsFolder({ home, networkName }: Context): Promise<string> {
  const { keys } = await findNetwork(home.networks, networkName);
  return keys ? join(dirname(keys.folder), "runs") : join(home.runs, networkName);
}

function sdkNetwork({ chainId, rpcUrls, marketUrl, confirmations, deployment }: CliNetwork) {
  return { chainId, rpcUrls, marketUrl, confirmations, deployment };
}
