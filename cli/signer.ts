import { Wallet } from "ethers";

import type { Address } from "../protocol/primitives.ts";

import type { Context } from "./context.ts";
import { NoKeyError } from "./errors.ts";
import { keyAddress, openKey } from "./keystore.ts";
import { findNetwork } from "./networks.ts";
import type { CliNetwork } from "./networks.ts";
import { readPassphrase } from "./passphrase.ts";
import { terminalPrompts } from "./prompts.ts";

/**
 * Address of the key that {@link walletOf} would open; undefined when there is none. Needs no passphrase.
 * @throws UnknownNetworkError
 */
export async function signingAddress(context: Context): Promise<Address | undefined> {
  const { config, account, home, networkName } = context;
  const { keys } = await findNetwork(home.networks, networkName);
  if (account === undefined && config.key !== undefined) return addressOf(config.key);
  const name = keyName(account, keys);
  return (keys && (await keyAddress(keys.folder, name))) ?? (await keyAddress(home.keys, name));
}

/** As {@link signingAddress}. @throws NoKeyError that asks `whose`, when there is none */
export async function requireAddress(context: Context, whose: string): Promise<Address> {
  const address = await signingAddress(context);
  if (address) return address;
  throw new NoKeyError(`${whose} There is no key`, { hint: "Make one: gridmill account create" });
}

/**
 * The key to sign with: that of `--account`, else `GRIDMILL_KEY`, else the network's own, else `default`.
 * @throws NoKeyError | WrongPassphraseError
 */
export async function walletOf(context: Context, network: CliNetwork): Promise<Wallet> {
  const { config, account } = context;
  if (account === undefined && config.key !== undefined) return new Wallet(prefixed(config.key));
  const { keys } = network;
  const name = keyName(account, keys);
  if (keys && (await keyAddress(keys.folder, name))) {
    return await openKey(keys.folder, name, await passphraseOf(name, keys.passphraseFile));
  }
  if (!(await keyAddress(context.home.keys, name))) {
    throw new NoKeyError(`There is no key called ${name} to sign with`, {
      hint: `Make one: gridmill account create ${name}; or set GRIDMILL_KEY`,
    });
  }
  return await openKey(context.home.keys, name, await passphraseOf(name, config.passphraseFile));
}

const keyName = (account: string | undefined, keys: CliNetwork["keys"]): string =>
  account ?? keys?.account ?? "default";

async function passphraseOf(name: string, file: string | undefined): Promise<string> {
  return await readPassphrase({ file, prompts: terminalPrompts(), stdin: process.stdin }, name);
}

const prefixed = (key: string): string => (key.startsWith("0x") ? key : `0x${key}`);
const addressOf = (key: string): Address => new Wallet(prefixed(key)).address.toLowerCase() as Address;
