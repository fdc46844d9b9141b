import { Wallet } from "ethers";

import type { Context } from "./context.ts";
import { NoKeyError } from "./errors.ts";
import { keyAddress, openKey } from "./keystore.ts";
import type { CliNetwork } from "./networks.ts";
import { readPassphrase } from "./passphrase.ts";
import { terminalPrompts } from "./prompts.ts";

/** Address of the key that {@link walletOf} would open; undefined when there is none. Needs no passphrase. */
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

/**
 * The key to sign with: that of `--account`, else `GRIDMILL_KEY`, else the network's own, else `default`.
 * @throws NoKeyError | WrongPassphraseError
 */
export async function walletOf(context: Context, network: CliNetwork): Promise<Wallet> {
  const { config, account } = context;
  if (account === undefined && config.key !== undefined) return new Wallet(prefixed(config.key));
  const { name } = keyNamed(context, network);
  const { keys } = network;
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

function keyNamed({ account, home }: Context, { keys }: CliNetwork) {
  const folders = [...(keys ? [keys.folder] : []), home.keys];
  return { name: account ?? keys?.account ?? "default", folders };
}

async function passphraseOf(name: string, file: string | undefined): Promise<string> {
  return await readPassphrase({ file, prompts: terminalPrompts(), stdin: process.stdin }, name);
}

const prefixed = (key: string): string => (key.startsWith("0x") ? key : `0x${key}`);
const addressOf = (key: string): `0x${string}` => new Wallet(prefixed(key)).address.toLowerCase() as `0x${string}`;
