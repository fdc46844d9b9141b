import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import { DataInUseError } from "../../../worker/errors.ts";
import { lockFolder } from "../../../worker/journal/folder-lock.ts";
import { tempDir } from "../../support/temp-dir.ts";

describe("folder lock", function () {
  it("keeps a second worker out until the first lets go", async function () {
    await using dir = await tempDir();
    const first = await lockFolder(dir.path);

    const second = await lockFolder(dir.path).catch((error: unknown) => error);
    expect(second).to.be.instanceOf(DataInUseError);

    await first.release();
    await (await lockFolder(dir.path)).release();
  });

  it("takes over from a process that is gone", async function () {
    await using dir = await tempDir();
    await writeFile(join(dir.path, "lock"), "4194304 12345");

    const lock = await lockFolder(dir.path);

    expect(await readFile(join(dir.path, "lock"), "utf8")).to.match(new RegExp(`^${process.pid} `));
    await lock.release();
  });

  it("takes over when the process id has gone to another process since", async function () {
    await using dir = await tempDir();
    await writeFile(join(dir.path, "lock"), `${process.pid} 1`);

    await using lock = await lockFolder(dir.path);

    expect(lock).to.have.property("release");
  });

  for (const text of ["", "nonsense", "-1 5"]) {
    it(`takes over a lock that says ${JSON.stringify(text)}`, async function () {
      await using dir = await tempDir();
      await writeFile(join(dir.path, "lock"), text);

      await (await lockFolder(dir.path)).release();
    });
  }
});
