import { expect } from "chai";
import { id as hashOf } from "ethers";

import { loadWallet } from "../../../chain/node/wallet.ts";
import type { KeySource } from "../../../chain/node/wallet.ts";

const failureOf = (source: KeySource): Promise<unknown> => loadWallet(source).catch((error: unknown) => error);

describe("loadWallet", function () {
  it("takes a private key", async function () {
    const { address } = await loadWallet({ key: `0x${"0".repeat(63)}1` });

    expect(address).to.equal("0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf");
  });

  it("shows nothing of a key that is none", async function () {
    const secret = hashOf("secret").slice(2, 60);

    for (const key of [secret, `0x${secret}`, `0x${"f".repeat(64)}`, `0x${"0".repeat(64)}`]) {
      const error = (await failureOf({ key })) as Error & { code: string };
      expect(error.code).to.equal("GM_BAD_KEY");
      expect(`${error.message} ${String(error.cause)} ${error.stack}`).not.to.include(key);
    }
  });

  it("names the file that is missing", async function () {
    const missing = { keyFile: "/nowhere/key.json", passphraseFile: "/nowhere/passphrase" };

    expect(await failureOf(missing)).to.include({ code: "GM_BAD_KEY" });
  });
});
