import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";

import { expect } from "chai";
import fc from "fast-check";
import { pack } from "tar-stream";
import type { Header } from "tar-stream";

import { callbackDigest, digestOf, isOutputPath, manifestOf } from "../../../protocol/digest.ts";
import type { GridmillError } from "../../../protocol/errors.ts";
import type { Hash } from "../../../protocol/primitives.ts";
import { saveResult } from "../../../sdk/node/save-result.ts";
import type { ResultDownload } from "../../../sdk/tasks.ts";
import { tempDir } from "../../support/temp-dir.ts";

type Entry = Partial<Header> & { readonly name: string; readonly content?: string };

function tarOf(entries: readonly Entry[]): ReadableStream<Uint8Array> {
  const archive = pack();
  for (const { content = "", ...header } of entries) archive.entry(header, content);
  archive.finalize();
  return Readable.toWeb(Readable.from(archive)) as ReadableStream<Uint8Array>;
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const TASK: Hash = `0x${"11".repeat(32)}`;

/** A download whose digest stands for `files`, and whose tar holds whatever `entries` says. */
function download(
  files: Readonly<Record<string, string>>,
  change: (entries: Entry[]) => Entry[] = (same) => same,
): ResultDownload {
  const outputs = Object.entries(files).map(([path, text]) => ({
    path,
    bytes: Buffer.byteLength(text),
    sha256: sha256(text),
  }));
  const manifest = manifestOf(outputs, 0);
  const entries: Entry[] = [
    { name: "manifest", content: manifest },
    ...Object.entries(files).map(([path, content]) => ({ name: `output/${path}`, content })),
  ];
  return { taskId: TASK, digest: digestOf(manifest), kind: "folder", blob: tarOf(change(entries)) };
}

/** The same for the result of a task that has called a contract back with `answer`. */
const answered = (answer: string, files: Readonly<Record<string, string>>): ResultDownload => ({
  ...download(files),
  digest: callbackDigest(Buffer.from(answer)),
  kind: "callback",
});

async function codeOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => "none",
    (error: unknown) => (error as GridmillError).code,
  );
}

describe("saveResult", function () {
  it("writes the manifest and every file, and nothing else", async function () {
    await using dir = await tempDir();
    const folder = join(dir.path, "deal", "0");

    const saved = await saveResult(download({ "a.txt": "hello", "deep/b.txt": "" }), folder);

    expect(await readFile(join(saved.out, "a.txt"), "utf8")).to.equal("hello");
    expect(await readFile(join(saved.out, "deep/b.txt"), "utf8")).to.equal("");
    expect(await readFile(join(folder, "manifest"), "utf8")).to.equal(saved.manifest);
    expect((await readdir(join(dir.path, "deal"))).sort()).to.deep.equal(["0"]);
    expect(saved.exitCode).to.equal(0);
  });

  it("takes a result without any file", async function () {
    await using dir = await tempDir();

    const saved = await saveResult(download({}), join(dir.path, "0"));

    expect(await readdir(saved.out)).to.deep.equal([]);
  });

  it("gives back whatever files a task may write", async function () {
    const path = fc.stringMatching(/^[a-z .~é]{1,8}(\/[a-z]{1,3})?$/).filter(isOutputPath);
    const files = fc.dictionary(path, fc.string({ maxLength: 200 }), { maxKeys: 5 });
    await fc.assert(
      fc.asyncProperty(files, async (texts) => {
        const names = Object.keys(texts);
        fc.pre(names.every((name) => !names.some((other) => other.startsWith(`${name}/`))));
        await using dir = await tempDir();

        const saved = await saveResult(download(texts), join(dir.path, "0"));

        for (const name of names) expect(await readFile(join(saved.out, name), "utf8")).to.equal(texts[name]);
      }),
      { numRuns: 25 },
    );
  });

  it("takes the answer that a contract was called back with, and nothing beside it", async function () {
    await using dir = await tempDir();

    const saved = await saveResult(answered("42", { callback: "42" }), join(dir.path, "0"));

    expect(await readFile(join(saved.out, "callback"), "utf8")).to.equal("42");
    expect(saved.digest).to.equal(callbackDigest(Buffer.from("42")));
    const others = [{ callback: "43" }, {}, { other: "42" }, { callback: "42", other: "x" }];
    for (const files of others) {
      expect(await codeOf(saveResult(answered("42", files), join(dir.path, "1")))).to.equal("GM_RESULT_MISMATCH");
    }
    expect(await readdir(dir.path)).to.deep.equal(["0"]);
  });

  const attacks: Readonly<Record<string, (entries: Entry[]) => Entry[]>> = {
    "a path that leads out": (all) => [...all, { name: "output/../../evil", content: "x" }],
    "an absolute path": (all) => [...all, { name: "/tmp/gridmill-evil", content: "x" }],
    "a file beside the output folder": (all) => [...all, { name: "evil", content: "x" }],
    "a link in place of a file": ([manifest]) => [
      manifest!,
      { name: "output/a", type: "symlink", linkname: "/etc/passwd" },
    ],
    "a hard link": ([manifest]) => [manifest!, { name: "output/a", type: "link", linkname: "manifest" }],
    "a folder entry": (all) => [...all, { name: "output/d", type: "directory" }],
    "a file that the manifest does not name": (all) => [...all, { name: "output/b", content: "x" }],
    "a file twice": (all) => [...all, all[1]!],
    "other bytes of the same length": ([manifest]) => [manifest!, { name: "output/a", content: "HELLO" }],
    "fewer bytes": ([manifest]) => [manifest!, { name: "output/a", content: "hell" }],
    "a missing file": ([manifest]) => [manifest!],
    "another manifest": ([, ...files]) => [{ name: "manifest", content: manifestOf([], 0) }, ...files],
    "no manifest": ([, ...files]) => files,
    "nothing at all": () => [],
  };
  for (const [name, change] of Object.entries(attacks)) {
    it(`refuses ${name} and leaves nothing behind`, async function () {
      await using dir = await tempDir();

      const code = await codeOf(saveResult(download({ a: "hello" }, change), join(dir.path, "0")));

      expect(code).to.equal("GM_RESULT_MISMATCH");
      expect(await readdir(dir.path)).to.deep.equal([]);
    });
  }

  it("refuses what is no tar, and one that breaks off", async function () {
    await using dir = await tempDir();
    const whole = download({ a: "hello".repeat(500) });
    const bytes = new Uint8Array(await new Response(whole.blob).arrayBuffer());
    const broken = (blob: BodyInit): ResultDownload => ({ ...whole, blob: new Response(blob).body! });

    expect(await codeOf(saveResult(broken("not a tar".repeat(200)), join(dir.path, "0")))).to.equal(
      "GM_RESULT_MISMATCH",
    );
    expect(await codeOf(saveResult(broken(bytes.slice(0, 2_000)), join(dir.path, "0")))).to.equal("GM_RESULT_MISMATCH");
    expect(await readdir(dir.path)).to.deep.equal([]);
  });

  it("overwrites nothing", async function () {
    await using dir = await tempDir();
    await mkdir(join(dir.path, "0"));
    await writeFile(join(dir.path, "0", "mine"), "precious");

    expect(await codeOf(saveResult(download({ a: "hello" }), join(dir.path, "0")))).to.equal("GM_OUTPUT_EXISTS");
    expect(await readFile(join(dir.path, "0", "mine"), "utf8")).to.equal("precious");
  });
});
