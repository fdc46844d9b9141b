import { createHash } from "node:crypto";
import { readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";

import { expect } from "chai";

import type { GridmillError } from "../../../protocol/errors.ts";
import { openInputCache } from "../../../worker/blobs/input-cache.ts";
import type { PoolBlobs } from "../../../worker/blobs/pool-blobs.ts";
import { PoolUnreachableError } from "../../../worker/errors.ts";
import { tempDir } from "../../support/temp-dir.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const inputOf = (text: string, name = "in") => ({ name, sha256: sha256(text), bytes: text.length });
const alive = new AbortController().signal;

/** A pool that serves these texts under their sha256, or what `lies` says instead. */
class FakeBlobs implements PoolBlobs {
  readonly asked: string[] = [];
  readonly lies = new Map<string, { bytes?: number; chunks: (string | Error)[] }>();
  readonly #texts: ReadonlyMap<string, string>;

  constructor(...texts: string[]) {
    this.#texts = new Map(texts.map((text) => [sha256(text), text]));
  }

  async get(hash: string): ReturnType<PoolBlobs["get"]> {
    this.asked.push(hash);
    const text = this.#texts.get(hash);
    const { bytes, chunks } = this.lies.get(hash) ?? { bytes: text?.length, chunks: text === undefined ? [] : [text] };
    if (text === undefined && chunks.length === 0) throw new PoolUnreachableError("404");
    async function* body(): AsyncGenerator<Buffer> {
      for (const chunk of chunks) {
        if (chunk instanceof Error) throw chunk;
        yield Buffer.from(chunk);
      }
    }
    return { bytes, body: Readable.from(body()) };
  }

  async put(): Promise<void> {}
}

const codeOfRejected = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "nothing was thrown",
    (error: unknown) => (error as GridmillError).code,
  );

describe("input cache", function () {
  it("fetches an input once and finds it afterwards, also after a restart", async function () {
    await using dir = await tempDir();
    using kept = new DisposableStack();
    const blobs = new FakeBlobs("hello");
    const open = () => openInputCache({ folder: dir.path, quotaBytes: 100, blobs });
    const cache = await open();

    {
      using held = await cache.hold([inputOf("hello", "a.txt")], alive);
      expect(held.files).to.deep.equal([{ name: "a.txt", path: join(dir.path, sha256("hello")) }]);
      expect(await readFile(held.files[0]!.path, "utf8")).to.equal("hello");
    }
    kept.use(await (await open()).hold([inputOf("hello", "b.txt")], alive));

    expect(blobs.asked).to.have.length(1);
  });

  it("fetches a file once for tasks that want it at the same time", async function () {
    await using dir = await tempDir();
    const blobs = new FakeBlobs("hello");
    const cache = await openInputCache({ folder: dir.path, quotaBytes: 100, blobs });

    const held = await Promise.all([1, 2, 3].map(() => cache.hold([inputOf("hello")], alive)));

    expect(blobs.asked).to.have.length(1);
    for (const each of held) each[Symbol.dispose]();
  });

  for (const [what, lie, code] of [
    ["announces another size", { bytes: 6, chunks: ["hello!"] }, "GM_INPUT_CORRUPT"],
    ["sends more than it should", { chunks: ["hello", "!"] }, "GM_INPUT_CORRUPT"],
    ["sends less than it should", { chunks: ["hell"] }, "GM_INPUT_CORRUPT"],
    ["sends something else", { chunks: ["HELLO"] }, "GM_INPUT_CORRUPT"],
    [
      "breaks off",
      { chunks: ["he", Object.assign(new Error("reset"), { code: "ECONNRESET" })] },
      "GM_INPUT_NOT_SERVED",
    ],
  ] as const) {
    it(`throws ${code} and keeps nothing when the pool ${what}, and fetches it anew the next time`, async function () {
      await using dir = await tempDir();
      const blobs = new FakeBlobs("hello");
      blobs.lies.set(sha256("hello"), { ...lie, chunks: [...lie.chunks] });
      const cache = await openInputCache({ folder: dir.path, quotaBytes: 100, blobs });

      expect(await codeOfRejected(cache.hold([inputOf("hello")], alive))).to.equal(code);
      expect(await readdir(dir.path)).to.deep.equal([]);

      blobs.lies.clear();
      using held = await cache.hold([inputOf("hello")], alive);
      expect(held.files).to.have.length(1);
    });
  }

  it("throws GM_INPUT_NOT_SERVED for what the pool does not have", async function () {
    await using dir = await tempDir();
    const cache = await openInputCache({ folder: dir.path, quotaBytes: 100, blobs: new FakeBlobs() });

    expect(await codeOfRejected(cache.hold([inputOf("hello")], alive))).to.equal("GM_INPUT_NOT_SERVED");
  });

  it("refuses a size that is not that of the file it has", async function () {
    await using dir = await tempDir();
    using kept = new DisposableStack();
    const cache = await openInputCache({ folder: dir.path, quotaBytes: 100, blobs: new FakeBlobs("hello") });
    kept.use(await cache.hold([inputOf("hello")], alive));

    expect(await codeOfRejected(cache.hold([{ ...inputOf("hello"), bytes: 4 }], alive))).to.equal("GM_INPUT_CORRUPT");
  });

  describe("quota", function () {
    it("holds exactly its size, and not one byte more", async function () {
      await using dir = await tempDir();
      const blobs = new FakeBlobs("hello", "world");
      const both = [inputOf("hello"), inputOf("world")];

      const enough = await openInputCache({ folder: dir.path, quotaBytes: 10, blobs });
      (await enough.hold(both, alive))[Symbol.dispose]();

      await using other = await tempDir();
      const short = await openInputCache({ folder: other.path, quotaBytes: 9, blobs });
      expect(await codeOfRejected(short.hold(both, alive))).to.equal("GM_CACHE_FULL");
    });

    it("lets the least recently used go first, and nothing that is held", async function () {
      await using dir = await tempDir();
      using kept = new DisposableStack();
      const blobs = new FakeBlobs("11111", "22222", "33333", "44444");
      for (const [text, age] of [
        ["11111", 20],
        ["22222", 30],
      ] as const) {
        await writeFile(join(dir.path, sha256(text)), text);
        await utimes(join(dir.path, sha256(text)), Date.now() / 1_000 - age, Date.now() / 1_000 - age);
      }
      const cache = await openInputCache({ folder: dir.path, quotaBytes: 10, blobs });

      kept.use(await cache.hold([inputOf("33333")], alive));
      expect((await readdir(dir.path)).sort()).to.deep.equal([sha256("11111"), sha256("33333")].sort());

      kept.use(await cache.hold([inputOf("44444")], alive));
      expect((await readdir(dir.path)).sort()).to.deep.equal([sha256("33333"), sha256("44444")].sort());
    });

    it("has room again once a task lets go", async function () {
      await using dir = await tempDir();
      using kept = new DisposableStack();
      const cache = await openInputCache({ folder: dir.path, quotaBytes: 5, blobs: new FakeBlobs("hello", "world") });
      const held = await cache.hold([inputOf("hello")], alive);
      expect(await codeOfRejected(cache.hold([inputOf("world")], alive))).to.equal("GM_CACHE_FULL");

      held[Symbol.dispose]();

      kept.use(await cache.hold([inputOf("world")], alive));
      expect(await readdir(dir.path)).to.deep.equal([sha256("world")]);
    });
  });

  it("removes at start what an interrupted download left", async function () {
    await using dir = await tempDir();
    await writeFile(join(dir.path, `${sha256("hello")}.part`), "he");

    await openInputCache({ folder: dir.path, quotaBytes: 5, blobs: new FakeBlobs() });

    expect(await readdir(dir.path)).to.deep.equal([]);
  });

  it("stops at once when the lease is dropped", async function () {
    await using dir = await tempDir();
    const cache = await openInputCache({ folder: dir.path, quotaBytes: 5, blobs: new FakeBlobs("hello") });
    const reason = new Error("dropped");

    const held = await cache.hold([inputOf("hello")], AbortSignal.abort(reason)).catch((error: unknown) => error);

    expect(held).to.equal(reason);
  });
});
