import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";
import { Wallet } from "ethers";

import { loadWallet } from "../../chain/node/wallet.ts";
import { tempDir } from "../support/temp-dir.ts";

// Not among the unit tests: it is the point of a keystore that opening it takes time.
describe("loadWallet, with a keystore", function () {
  it("opens it with the first line of the passphrase's file, and with nothing else", async function () {
    await using dir = await tempDir();
    const [keyFile, passphraseFile] = [join(dir.path, "key.json"), join(dir.path, "passphrase")];
    const made = Wallet.createRandom();
    await writeFile(keyFile, await made.encrypt("open sesame"));
    await writeFile(passphraseFile, "open sesame\n");

    const { address } = await loadWallet({ keyFile, passphraseFile });

    expect(address).to.equal(made.address);
    await writeFile(passphraseFile, "open");
    const failure = await loadWallet({ keyFile, passphraseFile }).catch((error: object) => error);
    expect(failure).to.include({ code: "GM_BAD_KEY" });
  });
});
