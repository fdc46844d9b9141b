import { join } from "node:path";

import { decryptKeystoreJson, encryptKeystoreJson, isKeystoreJson, Wallet } from "ethers";

import { useNativeScrypt } from "../chain/node/native-scrypt.ts";
import { BadInputError } from "../protocol/errors.ts";
import type { Address } from "../protocol/primitives.ts";

import { KeyExistsError, NoKeyError, WrongPassphraseError } from "./errors.ts";
import { readIfThere, writePrivate } from "./home.ts";

useNativeScrypt();

/** Work factor of scrypt for keys that people protect with a passphrase of their own: about a second to open. */
const STRONG_N = 131_072;
/** For keys of the local market: their passphrase is 32 random bytes, which needs no stretching. */
const RANDOM_PASSPHRASE_N = 1_024;

type NewKey = {
  readonly folder: string;
  readonly name: string;
  readonly passphrase: string;
  /** True when the passphrase is random and long: the key then opens at once. */
  readonly randomPassphrase?: boolean;
};

/** Where the key called `name` lies. @throws BadInputError for a name that would leave the folder */
export function keyFile(folder: string, name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) return join(folder, `${name}.json`);
  throw new BadInputError(`"${name}" cannot be the name of a key: letters, digits, dots and dashes only`, {
    hint: "Choose a name such as default or my-pool",
  });
}

/**
 * Makes a fresh key and stores it encrypted (the keystore format that every Ethereum wallet reads).
 * @throws KeyExistsError rather than overwrite one
 */
export async function createKey({ folder, name, passphrase, randomPassphrase = false }: NewKey): Promise<Address> {
  const file = keyFile(folder, name);
  if ((await readIfThere(file)) !== undefined) {
    throw new KeyExistsError(`A key called ${name} exists: it is never overwritten`, {
      details: { file },
      hint: "Choose another name, or move the file away if you are sure",
    });
  }
  const { address, privateKey } = Wallet.createRandom();
  const scrypt = { N: randomPassphrase ? RANDOM_PASSPHRASE_N : STRONG_N };
  await writePrivate(file, await encryptKeystoreJson({ address, privateKey }, passphrase, { scrypt }));
  return address.toLowerCase() as Address;
}

/** Whose key it is, without opening it; undefined when there is none. */
export async function keyAddress(folder: string, name: string): Promise<Address | undefined> {
  const text = await readIfThere(keyFile(folder, name));
  if (text === undefined) return undefined;
  const { address } = keystoreOf(text, name);
  return `0x${address.toLowerCase().replace(/^0x/, "")}`;
}

/** @throws NoKeyError | WrongPassphraseError | BadInputError */
export async function openKey(folder: string, name: string, passphrase: string): Promise<Wallet> {
  const text = await readIfThere(keyFile(folder, name));
  if (text === undefined) {
    throw new NoKeyError(`There is no key called ${name} in ${folder}`, {
      hint: `Make one: gridmill account create ${name}`,
    });
  }
  keystoreOf(text, name);
  return new Wallet((await decrypt(text, name, passphrase)).privateKey);
}

async function decrypt(text: string, name: string, passphrase: string): Promise<{ privateKey: string }> {
  try {
    return await decryptKeystoreJson(text, passphrase);
  } catch (cause) {
    throw new WrongPassphraseError(`The passphrase does not open the key ${name}`, {
      cause,
      hint: "Try again; in scripts, check the file that GRIDMILL_PASSPHRASE_FILE names",
    });
  }
}

function keystoreOf(text: string, name: string): { readonly address: string } {
  const keystore = isKeystoreJson(text) ? (JSON.parse(text) as { address?: unknown }) : {};
  if (typeof keystore.address === "string") return { address: keystore.address };
  throw new BadInputError(`The file of the key ${name} is not an encrypted keystore`, {
    hint: "Restore it from a copy; Gridmill reads the version 3 keystore that Ethereum wallets write",
  });
}
