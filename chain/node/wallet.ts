import { readFile } from "node:fs/promises";

import { Wallet } from "ethers";

import { BadKeyError } from "../errors.ts";
import { useNativeScrypt } from "./native-scrypt.ts";

useNativeScrypt();

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
