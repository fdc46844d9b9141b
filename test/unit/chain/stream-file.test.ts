import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";

import { expect } from "chai";

import { streamFile } from "../../../chain/node/stream-file.ts";
import { tempDir } from "../../support/temp-dir.ts";

describe("a file as a stream", function () {
  for (const bytes of [0, 1, 64 * 1024, 64 * 1024 + 1, 200_000]) {
    it(`of ${bytes} bytes is what the file is`, async function () {
      await using dir = await tempDir();
      const path = join(dir.path, "file");
      const content = Buffer.alloc(bytes, "0123456789");
      await writeFile(path, content);

      expect((await buffer(streamFile(path, bytes))).equals(content)).to.equal(true);
    });
  }

  it("ends where it was said to end", async function () {
    await using dir = await tempDir();
    const path = join(dir.path, "file");
    await writeFile(path, "0123456789");

    expect((await buffer(streamFile(path, 3))).toString()).to.equal("012");
  });
});
