import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

import { expectBalanced, readBooks } from "../support/books.ts";
import { inSuite } from "../support/in-suite.ts";
import { REPOSITORY, startLocalMarket } from "../support/local-market.ts";
import { withHardhatNode } from "../support/parts.ts";
import { rpc } from "../support/rpc.ts";
import { tempDir } from "../support/temp-dir.ts";

type RunJson = { readonly tasks: readonly { readonly status: string; readonly out: string; readonly votes: object }[] };

describe("a market on a chain that runs already: hardhat node, mining every second", function () {
  const node = withHardhatNode();
  const market = inSuite(() => startLocalMarket(["--workers", "2", "--chain", node().url]));

  it("is on that chain and starts none of its own", async function () {
    const client = await rpc<string>(market().chainUrl, "web3_clientVersion");
    const status = (await market().run(["status"])).json as { processes: readonly { name: string }[] };

    expect(market().chainUrl).to.equal(node().url);
    expect(client.toLowerCase()).to.contain("hardhat");
    expect(status.processes.map(({ name }) => name))
      .to.include("pool")
      .and.not.include("anvil");
  });

  it("computes an app by two votes, and the books balance", async function () {
    await using dir = await tempDir();
    const args = ["--input", "README.md", "--trust", "3", "--yes", "--out", join(dir.path, "out")];

    const { code, json, stderr } = await market().run(["run", "apps/checksum", ...args]);

    expect(code, stderr).to.equal(0);
    const [task] = (json as RunJson).tasks;
    expect(task).to.deep.include({ status: "settled", votes: { agree: 2, differ: 0 } });
    const sums = readFileSync(join(task!.out, readdirSync(task!.out)[0]!), "utf8");
    const readme = readFileSync(join(REPOSITORY, "README.md"));
    expect(sums).to.contain(createHash("sha256").update(readme).digest("hex"));
    expectBalanced(await readBooks(market().chainUrl, market().deployment));
  });
});
