import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

import { digestOf } from "../../protocol/digest.ts";
import { expectBalanced, readBooks } from "../support/books.ts";
import { REPOSITORY, withLocalMarket } from "../support/local-market.ts";
import { tempDir } from "../support/temp-dir.ts";

type RunJson = {
  readonly dealId: string;
  readonly tasks: readonly {
    readonly taskId: string;
    readonly index: number;
    readonly status: string;
    readonly digest: string;
    readonly out: string;
    readonly votes: { readonly agree: number; readonly differ: number };
    readonly workers: readonly string[];
    readonly paid: string;
  }[];
  readonly cost: string;
  readonly seconds: number;
};

type Saved = { readonly out: string; readonly manifest: string; readonly verified: boolean; readonly onChain: string };

const README = join(REPOSITORY, "README.md");

/** What anybody can run: the hash that the system's own sha256sum prints. */
function sha256sum(file: string): string {
  return execFileSync("sha256sum", [file], { encoding: "utf8" }).split(" ")[0]!;
}

describe("gridmill run", function () {
  const market = withLocalMarket(["--workers", "3"]);

  async function runChecksum(app: string, out: string): Promise<RunJson> {
    const args = ["run", app, "--input", "README.md", "--trust", "3", "--yes", "--out", out];
    const { code, json, stderr } = await market().run(args);
    expect(code, stderr).to.equal(0);
    return json as RunJson;
  }

  function expectChecked({ tasks }: RunJson): void {
    const [task] = tasks;
    expect(tasks).to.have.length(1);
    expect(task).to.include({ status: "settled", index: 0 });
    expect(task!.votes).to.deep.equal({ agree: 2, differ: 0 });
    expect(new Set(task!.workers)).to.have.length(2);
    expect(BigInt(task!.paid) > 0n).to.equal(true);
    const [file, ...others] = readdirSync(task!.out);
    expect(others).to.deep.equal([]);
    expect(readFileSync(join(task!.out, file!), "utf8")).to.contain(sha256sum(README));
  }

  it("computes an app from its folder, by two votes, and pays for it", async function () {
    await using dir = await tempDir();

    const ran = await runChecksum("apps/checksum", join(dir.path, "out"));

    expectChecked(ran);
    expectBalanced(await readBooks(market().chainUrl, market().deployment));
  });

  it("gives a manifest whose every line is what sha256sum prints, and a digest that is on chain", async function () {
    await using dir = await tempDir();
    const ran = await runChecksum("apps/checksum", join(dir.path, "out"));
    const { taskId, digest } = ran.tasks[0]!;

    const result = await market().run(["task", "result", taskId, "--verify", "--out", join(dir.path, "again")]);

    expect(result.code, result.stderr).to.equal(0);
    const { out, manifest, verified, onChain } = result.json as Saved;
    expect(verified).to.equal(true);
    expect(onChain).to.equal(digest);
    expect(digestOf(manifest)).to.equal(digest);
    const lines = manifest.trimEnd().split("\n");
    expect(lines.pop()).to.equal("exit 0");
    for (const line of lines) {
      const [sha256, bytes, path] = line.split("  ") as [string, string, string];
      expect(sha256).to.equal(sha256sum(join(out, path)));
      expect(readFileSync(join(out, path)).length).to.equal(Number(bytes));
    }
  });

  it("takes an app id and an image name just as well", async function () {
    await using dir = await tempDir();
    const apps = (await market().run(["app", "list"])).json as { apps: { id: string; reference: string }[] };
    const [app] = apps.apps;

    expectChecked(await runChecksum(app!.id, join(dir.path, "by-id")));
    expectChecked(await runChecksum(`${app!.reference}:1.0.0`, join(dir.path, "by-image")));
  });
});
