import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import { MILL } from "../../protocol/amounts.ts";
import { dealIdOf } from "../../protocol/deal.ts";
import { digestOf } from "../../protocol/digest.ts";
import type { PoolApps } from "../../protocol/pool-api.ts";
import { expectBalanced, readBooks } from "../support/books.ts";
import { MISBEHAVE } from "../support/e2e-bad-market.ts";
import { startFileServer } from "../support/file-server.ts";
import { REPOSITORY, withLocalMarket } from "../support/local-market.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

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

  /** Fetches the result again: every line of its manifest is what sha256sum prints, and its digest is the one on chain. */
  async function expectVerified({ dealId, tasks }: RunJson, out: string): Promise<void> {
    const { taskId, index, digest } = tasks[0]!;
    const result = await market().run(["task", "result", taskId, "--verify", "--out", out]);
    expect(result.code, result.stderr).to.equal(0);
    const saved = result.json as Saved;
    expect(saved).to.include({ verified: true, onChain: digest });
    expect(digestOf(saved.manifest)).to.equal(digest);
    expectManifest(saved);
    const { deals } = await readBooks(market().chainUrl, market().deployment);
    const paid = deals.find(({ deal }) => dealIdOf(deal) === dealId)!.settled;
    expect(paid).to.deep.equal([{ index, digest }]);
  }

  function expectManifest({ out, manifest }: Saved): void {
    const lines = manifest.trimEnd().split("\n");
    expect(lines.pop()).to.equal("exit 0");
    for (const line of lines) {
      const [sha256, bytes, path] = line.split("  ") as [string, string, string];
      expect(sha256).to.equal(sha256sum(join(out, path)));
      expect(readFileSync(join(out, path)).length).to.equal(Number(bytes));
    }
  }

  it("computes an app from its folder, by two votes, pays for it, and gives what the chain says", async function () {
    await using dir = await tempDir();

    const ran = await runChecksum("apps/checksum", join(dir.path, "out"));

    expectChecked(ran);
    await expectVerified(ran, join(dir.path, "again"));
    expectBalanced(await readBooks(market().chainUrl, market().deployment));
  });

  it("computes on a dataset that somebody else has published, whose owner is paid for each task", async function () {
    await using files = await startFileServer();
    await using dir = await tempDir();
    const { url } = files.serve("name,value\nalpha,1\n");
    const file = join(dir.path, "values.csv");
    const by = (...args: readonly string[]) => market().run([...args, "--account", "pool-operator"]);
    const earned = async () => BigInt(((await by("account", "show")).json as { available: string }).available);
    const had = await earned();

    await writeFile(file, "name,value\nalpha,1\n");
    const { json, stderr } = await by("dataset", "publish", file, "--url", url, "--yes");
    const { id } = json as { id: string };
    const run = ["run", MISBEHAVE, "--dataset", id, "--yes", "--out", join(dir.path, "out")];
    await by("dataset", "offer", id, "--price", "0.5");
    const ran = await market().run([...run, "--", "read", "/dataset/data"]);

    expect(id, stderr).to.equal("1");
    expect(ran.code, ran.stderr).to.equal(0);
    const { tasks, cost } = ran.json as RunJson;
    expect(readFileSync(join(tasks[0]!.out, "read"), "utf8")).to.equal("name,value\nalpha,1\n");
    expect(BigInt(cost)).to.equal(MILL + MILL / 2n);
    expect((await earned()) - had).to.equal(MILL / 2n);
    const { datasets } = (await market().run(["dataset", "list"])).json as { datasets: object[] };
    expect(datasets).to.have.length(1);
    expect(datasets[0]).to.deep.include({ id, reference: url, price: `${MILL / 2n}`, encrypted: false });
    expectBalanced(await readBooks(market().chainUrl, market().deployment));
  });

  it("is told in which file an app differs from run to run, and the pool's operator may take the app all the same", async function () {
    const pool = async (...args: readonly string[]): Promise<unknown> => {
      const { code, json, stderr } = await market().run(["pool", "apps", ...args, "--account", "pool-operator"]);
      expect(code, stderr).to.equal(0);
      return json;
    };
    const seen = async (): Promise<PoolApps["apps"]> => ((await pool("list")) as PoolApps).apps;
    for (const { digest, image } of await seen()) if (image.includes("misbehave")) await pool("forget", digest);

    const asked = await market().run(["run", MISBEHAVE, "--trust", "3", "--detach", "--yes", "--", "random"]);
    const [task] = (asked.json as RunJson).tasks;
    const why = async (): Promise<string> =>
      ((await market().run(["task", "why", task!.taskId])).json as { says?: string }).says ?? "";
    const said = await waitFor(
      "the file to be named",
      async () => {
        const says = await why();
        return says.includes("differ in") && says;
      },
      { timeoutMs: 60_000, everyMs: 500 },
    );

    expect(said).to.match(/does not repeat its own answers: .+; they differ in random\. .+\(GM_APP_REFUSED\)$/);
    const refused = (await seen()).find(({ standing }) => standing === "refused");
    expect(refused).to.deep.include({ task: task!.taskId, files: ["random"] });
    expect(await pool("allow", refused!.digest)).to.deep.include({ standing: "known", files: [] });
  });

  it("takes an app id and an image name just as well", async function () {
    await using dir = await tempDir();
    const apps = (await market().run(["app", "list"])).json as { apps: { id: string; reference: string }[] };
    const [app] = apps.apps;

    for (const name of [app!.id, `${app!.reference}:1.0.0`]) {
      const place = join(dir.path, name === app!.id ? "by-id" : "by-image");
      const ran = await runChecksum(name, place);
      expectChecked(ran);
      await expectVerified(ran, `${place}-again`);
    }
  });
});
