import type { Wallet } from "ethers";

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
  throw new Error(`being written: ${typeof source}`);
}

/**
 * Makes a new key and writes its encrypted keystore, readable by its owner alone; an existing file is never replaced.
 * @throws BadKeyError
 */
export async function createKeystore(keyFile: string, passphrase: string): Promise<Wallet> {
  throw new Error(`being written: ${keyFile} ${passphrase.length}`);
}
