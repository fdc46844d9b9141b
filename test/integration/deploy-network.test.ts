import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect } from "chai";
import { encryptKeystoreJson } from "ethers";

import { readDeployment } from "../../chain/node/deployment-file.ts";
import { startGrid } from "../support/chain/grid.ts";
import { tempDir } from "../support/temp-dir.ts";

const PROGRAM = join(import.meta.dirname, "../../scripts/deploy-network.ts");

describe("scripts/deploy-network.ts", function () {
  it("deploys with an encrypted key and prints the file that services read", async function () {
    await using stack = new AsyncDisposableStack();
    const grid = stack.use(await startGrid());
    const { path } = stack.use(await tempDir());
    const [keyFile, passphraseFile, file] = ["key.json", "word", "deployment.json"].map((name) => join(path, name)) as [
      string,
      string,
      string,
    ];
    const { address, privateKey } = grid.wallet(3);
    await writeFile(keyFile, await encryptKeystoreJson({ address, privateKey }, "word", { scrypt: { N: 1_024 } }));
    await writeFile(passphraseFile, "word\n");

    const args = ["--rpc", grid.url, "--key-file", keyFile, "--passphrase-file", passphraseFile];
    const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, ...args]);
    await writeFile(file, stdout);

    const { chainId, block, contracts } = await readDeployment(file);
    expect(chainId).to.equal(grid.deployment.chainId);
    expect(block).to.be.above(grid.deployment.block);
    for (const contract of Object.values(contracts)) expect(await grid.provider.getCode(contract)).to.not.equal("0x");
  });
});
