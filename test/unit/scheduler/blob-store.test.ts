import { createHash } from "node:crypto";
import { readdir, utimes } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";

import { expect } from "chai";

import { createFileBlobStore } from "../../../scheduler/blobs/blob-store.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { waitFor } from "../../support/wait-for.ts";

const sha256 = (bytes: string): string => createHash("sha256").update(bytes).digest("hex");

describe("blob store", function () {
  it("keeps what has the right hash, and no draft of it", async function () {
    await using dir = await tempDir();
    const store = createFileBlobStore(dir.path);

    expect(await store.write(sha256("abc"), Readable.from(["a", "bc"]), 3)).to.equal(3);

    expect(await text((await store.read(sha256("abc"))).stream)).to.equal("abc");
    expect(await readdir(join(dir.path, "drafts"))).to.deep.equal([]);
  });

  for (const [why, name, bytes, code] of [
    ["another hash", sha256("abd"), 3, "GM_BLOB_MISMATCH"],
    ["more bytes than it may", sha256("abc"), 2, "GM_BLOB_QUOTA"],
  ] as const) {
    it(`keeps nothing of what has ${why}`, async function () {
      await using dir = await tempDir();
      const store = createFileBlobStore(dir.path);

      const failed = store.write(name, Readable.from(["abc"]), bytes);

      expect(await failed.catch((error: { readonly code: string }) => error.code)).to.equal(code);
      expect([await store.size(name), await readdir(join(dir.path, "drafts"))]).to.deep.equal([undefined, []]);
    });
  }

  it("removes the drafts that nobody has written to since a given time, and no others", async function () {
    await using dir = await tempDir();
    const store = createFileBlobStore(dir.path);
    await store.removeDrafts(Date.now());
    const [dead, busy] = [new PassThrough(), new PassThrough()];
    const drafts = (): Promise<string[]> => readdir(join(dir.path, "drafts")).catch(() => []);
    const writing = [store.write(sha256("dead"), dead, 9).catch(() => {})];
    await waitFor("a draft", async () => (await drafts()).length === 1, { everyMs: 1 });
    const [name] = await drafts();
    writing.push(store.write(sha256("busy"), busy, 9).catch(() => {}));
    await waitFor("another", async () => (await drafts()).length === 2, { everyMs: 1 });
    await utimes(join(dir.path, "drafts", name!), 1, 1);

    await store.removeDrafts(2_000);

    expect(await drafts())
      .to.have.lengthOf(1)
      .and.not.include(name);
    dead.end("not it");
    busy.end("busy");
    await Promise.all(writing);
    expect(await store.size(sha256("busy"))).to.equal(4);
  });
});
