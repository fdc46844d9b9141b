import { dirname, join } from "node:path";

import { Wallet } from "ethers";

import { createFileJournal } from "../chain/node/file-journal.ts";
import { connect as connectSdk } from "../sdk/grid.ts";
import type { Grid, GridOptions } from "../sdk/grid.ts";

import type { Context } from "./context.ts";
import { NoKeyError } from "./errors.ts";
import { keyAddress, openKey } from "./keystore.ts";
import { requireUp } from "./local/local-state.ts";
import { localPaths } from "./local/paths.ts";
import { findNetwork, LOCAL_NETWORK } from "./networks.ts";
import type { CliNetwork } from "./networks.ts";
import { readPassphrase } from "./passphrase.ts";
import { terminalPrompts } from "./prompts.ts";

/** Connects to the network that the command line names, to read only: no key is opened. */
export async function connectToRead(context: Context): Promise<Grid> {
  const { networkName, home } = context;
  return await reach(context, { network: sdkNetwork(await findNetwork(home.networks, networkName)) });
}

/**
 * Connects with the key to sign with: that of `--account`, else `GRIDMILL_KEY`, else the network's own, else `default`.
 * @throws UnknownNetworkError | NoKeyError | WrongPassphraseError, and what the SDK throws
 */
export async function connectToSign(context: Context): Promise<Grid & { readonly address: `0x${string}` }> {
  const { networkName, home } = context;
  const network = await findNetwork(home.networks, networkName);
  const signer = await walletOf(context, network);
  const journal = createFileJournal({ dir: journalFolder(context, network) });
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

/** Address of the key that {@link connectToSign} would open; undefined when there is none. Needs no passphrase. */
export async function signingAddress(context: Context, network: CliNetwork): Promise<`0x${string}` | undefined> {
  const { config, account } = context;
  if (account === undefined && config.key !== undefined) return addressOf(config.key);
  const { name, folders } = keyNamed(context, network);
  for (const folder of folders) {
    const address = await keyAddress(folder, name);
    if (address) return address;
  }
  return undefined;
}

/** The key that {@link connectToSign} signs with. @throws NoKeyError | WrongPassphraseError */
export async function walletOf(context: Context, network: CliNetwork): Promise<Wallet> {
  const { config, account } = context;
  if (account === undefined && config.key !== undefined) return new Wallet(prefixed(config.key));
  const { name } = keyNamed(context, network);
  const { keys } = network;
  if (keys && (await keyAddress(keys.folder, name))) {
    return await openKey(keys.folder, name, await passphraseOf(context, name, keys.passphraseFile));
  }
  if (!(await keyAddress(context.home.keys, name))) {
    throw new NoKeyError(`There is no key called ${name} to sign with`, {
      hint: `Make one: gridmill account create ${name}; or set GRIDMILL_KEY`,
    });
  }
  return await openKey(context.home.keys, name, await passphraseOf(context, name, config.passphraseFile));
}

function keyNamed({ account, home }: Context, { keys }: CliNetwork) {
  const folders = [...(keys ? [keys.folder] : []), home.keys];
  return { name: account ?? keys?.account ?? "default", folders };
}

async function passphraseOf(_context: Context, name: string, file: string | undefined): Promise<string> {
  return await readPassphrase({ file, prompts: terminalPrompts(), stdin: process.stdin }, name);
}

/** A journal belongs to one chain's data: that of a local network goes when the network is made afresh. */
function journalFolder({ home, networkName }: Context, { keys }: CliNetwork): string {
  return keys ? join(dirname(keys.folder), "journals") : join(home.journals, networkName);
}

function sdkNetwork({ chainId, rpcUrls, marketUrl, confirmations, deployment }: CliNetwork) {
  return { chainId, rpcUrls, marketUrl, confirmations, deployment };
}

const prefixed = (key: string): string => (key.startsWith("0x") ? key : `0x${key}`);
const addressOf = (key: string): `0x${string}` => new Wallet(prefixed(key)).address.toLowerCase() as `0x${string}`;
