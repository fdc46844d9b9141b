import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import { createKey, keyAddress, openKey } from "../../../cli/keystore.ts";
import type { GridmillError } from "../../../protocol/errors.ts";
import { tempDir } from "../../support/temp-dir.ts";

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "none";
  } catch (error) {
    return (error as GridmillError).code;
  }
}

const PASSPHRASE = "correct horse battery";

describe("keystore", function () {
  it("gives back the key it made, to whoever knows the passphrase alone", async function () {
    await using dir = await tempDir();
    const key = { folder: dir.path, name: "default", passphrase: PASSPHRASE, randomPassphrase: true };

    const address = await createKey(key);

    expect((await openKey(dir.path, "default", PASSPHRASE)).address.toLowerCase()).to.equal(address);
    expect(await keyAddress(dir.path, "default")).to.equal(address);
    expect(await codeOf(openKey(dir.path, "default", "wrong"))).to.equal("GM_WRONG_PASSPHRASE");
  });

  it("stores it encrypted, for its owner's eyes only", async function () {
    await using dir = await tempDir();
    await createKey({ folder: dir.path, name: "a", passphrase: PASSPHRASE, randomPassphrase: true });
    const { privateKey } = await openKey(dir.path, "a", PASSPHRASE);
    const file = join(dir.path, "a.json");

    expect(await readFile(file, "utf8")).to.not.include(privateKey.slice(2));
    expect((await stat(file)).mode & 0o777).to.equal(0o600);
  });

  it("never overwrites a key", async function () {
    await using dir = await tempDir();
    const key = { folder: dir.path, name: "a", passphrase: PASSPHRASE, randomPassphrase: true };
    const address = await createKey(key);

    expect(await codeOf(createKey(key))).to.equal("GM_KEY_EXISTS");
    expect(await keyAddress(dir.path, "a")).to.equal(address);
  });

  it("refuses names that would leave the folder, and says so when there is no key", async function () {
    await using dir = await tempDir();

    for (const name of ["../a", "a/b", "", ".", ".hidden"]) {
      expect(await codeOf(openKey(dir.path, name, PASSPHRASE))).to.equal("GM_BAD_INPUT");
    }
    expect(await codeOf(openKey(dir.path, "nobody", PASSPHRASE))).to.equal("GM_NO_KEY");
  });
});
