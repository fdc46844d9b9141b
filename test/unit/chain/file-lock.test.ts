import { access, readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import { tryLock, withLock } from "../../../chain/node/file-lock.ts";
import { identify } from "../../../chain/node/process-id.ts";
import { tempDir } from "../../support/temp-dir.ts";

describe("file lock", function () {
  it("goes to one alone of many who find at the same moment that its holder is dead", async function () {
    await using dir = await tempDir();
    for (let round = 0; round < 20; round++) {
      const file = join(dir.path, `lock-${round}`);
      await writeFile(file, "999999999 long ago");

      const taken = await Promise.all(Array.from({ length: 20 }, () => tryLock(file)));

      expect(taken.filter((lock) => typeof lock !== "string")).to.have.length(1);
    }
    expect(await readdir(dir.path)).to.have.length(20);
  });

  it("is had by one, who is named to the others, until it is given back", async function () {
    await using dir = await tempDir();
    const file = join(dir.path, "lock");

    const all = await Promise.all(Array.from({ length: 8 }, () => tryLock(file)));

    const held = all.filter((one) => typeof one !== "string");
    const me = (await identify(process.pid))!;
    expect(held).to.have.lengthOf(1);
    expect(new Set(all.filter((one) => typeof one === "string"))).to.deep.equal(new Set([`${me.pid} ${me.born}`]));
    await held[0]!.release();
    expect(await tryLock(file)).to.have.property("release");
  });

  it("lets one piece of work through at a time, and is gone afterwards", async function () {
    await using dir = await tempDir();
    const file = join(dir.path, "lock");
    const said: string[] = [];
    const work = (name: string) => async () => {
      said.push(`${name} begins`);
      await access(file);
      said.push(`${name} ends`);
    };

    await Promise.all(["a", "b", "c"].map((name) => withLock(file, work(name))));

    expect(said.map((one) => one.split(" ")[1])).to.deep.equal(["begins", "ends", "begins", "ends", "begins", "ends"]);
    expect(await access(file).catch((error: NodeJS.ErrnoException) => error.code)).to.equal("ENOENT");
  });

  it("is taken from whoever has it longer than any work takes", async function () {
    await using dir = await tempDir();
    const file = join(dir.path, "lock");
    await tryLock(file);
    const old = new Date(Date.now() - 11_000);
    await utimes(file, old, old);

    expect(await withLock(file, async () => "done")).to.equal("done");
  });

  it("is given back when the work fails", async function () {
    await using dir = await tempDir();
    const file = join(dir.path, "lock");

    const failed = withLock(file, () => Promise.reject(new Error("no")));

    expect(await failed.catch((error: Error) => error.message)).to.equal("no");
    expect(await tryLock(file)).to.have.property("release");
  });

  it("is not taken from a process that lives", async function () {
    await using dir = await tempDir();
    const file = join(dir.path, "lock");
    const parent = (await identify(process.ppid))!;
    await writeFile(file, `${parent.pid} ${parent.born}`);

    expect(await tryLock(file)).to.equal(`${parent.pid} ${parent.born}`);
  });
});
