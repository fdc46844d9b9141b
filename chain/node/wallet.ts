import { readFile, writeFile } from "node:fs/promises";

import { Wallet } from "ethers";

import { BadKeyError } from "../errors.ts";

/** Where a key comes from; `config.ts` of each room reads the environment. */
export type KeySource =
  /** 0x and 64 hex digits. */
  | { readonly key: string }
  /** An encrypted JSON keystore, and a file whose first line is its passphrase. */
  | { readonly keyFile: string; readonly passphraseFile: string };

/**
 * Reads a key. The wallet is connected to nothing.
 * @throws BadKeyError
 */
export async function loadWallet(source: KeySource): Promise<Wallet> {
  if ("key" in source) return fromPrivateKey(source.key);
  const { keyFile, passphraseFile } = source;
  const [json, passphrase] = await Promise.all([readText(keyFile), readText(passphraseFile)]);
  try {
    const wallet = await Wallet.fromEncryptedJson(json, passphrase.split(/\r?\n/)[0]!);
    return new Wallet(wallet.privateKey);
  } catch (error) {
    throw new BadKeyError(`The key in ${keyFile} cannot be opened`, {
      cause: error,
      details: { keyFile, passphraseFile },
      hint: "Check that the file is an encrypted JSON keystore and that the passphrase is its own",
    });
  }
}

/**
 * Makes a new key and writes its encrypted keystore, readable by its owner alone; an existing file is never replaced.
 * @throws BadKeyError
 */
export async function createKeystore(keyFile: string, passphrase: string): Promise<Wallet> {
  const { privateKey } = Wallet.createRandom();
  const wallet = new Wallet(privateKey);
  try {
    await writeFile(keyFile, await wallet.encrypt(passphrase), { flag: "wx", mode: 0o600 });
    return wallet;
  } catch (error) {
    throw new BadKeyError(`The key file ${keyFile} cannot be written`, {
      cause: error,
      details: { keyFile },
      hint: "Choose a file that does not exist yet, in a folder that does",
    });
  }
}

/** The message of ethers would show the key, so its error is not passed on. */
function fromPrivateKey(key: string): Wallet {
  if (/^0x[0-9a-fA-F]{64}$/.test(key)) {
    try {
      return new Wallet(key);
    } catch {
      // zero, or beyond the order of the curve: said below
    }
  }
  throw new BadKeyError("The private key is not one", { hint: "A key is 0x and 64 hexadecimal digits" });
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new BadKeyError(`The file ${file} cannot be read`, { cause: error, details: { file } });
  }
}
