import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import { createMemoryJournal } from "../../../chain/memory-journal.ts";
import { createFileJournal } from "../../../chain/node/file-journal.ts";
import type { SenderJournal } from "../../../chain/sender-journal.ts";
import { behavesLikeAJournal, finished, intent, SCOPE } from "../../support/chain/journal-contract.ts";
import { tempDir } from "../../support/temp-dir.ts";
import type { TempDir } from "../../support/temp-dir.ts";

describe("memory journal", function () {
  let journal: SenderJournal;
  beforeEach(function () {
    journal = createMemoryJournal();
  });

  behavesLikeAJournal(() => journal);
});

describe("file journal", function () {
  let dir: TempDir;
  beforeEach(async function () {
    dir = await tempDir();
  });
  afterEach(() => dir[Symbol.asyncDispose]());

  // Each view is a new journal, with no memory of its own.
  behavesLikeAJournal(() => createFileJournal({ dir: dir.path }));

  it("goes on when a process died with the lock in its hand", async function () {
    const journal = createFileJournal({ dir: dir.path });
    await journal.add(SCOPE, intent("a", 0));
    const noProcess = 2 ** 22 + 1;
    await writeFile(join(dir.path, SCOPE, "lock"), `${noProcess}`);

    expect(await journal.add(SCOPE, intent("b", 1))).to.deep.equal({ kind: "added" });
  });

  it("says which file is damaged, rather than to send its transaction again", async function () {
    const journal = createFileJournal({ dir: dir.path });
    await journal.add(SCOPE, intent("a", 0));
    const [name] = await readdir(join(dir.path, SCOPE));
    await writeFile(join(dir.path, SCOPE, name!), "{");

    const failure = await createFileJournal({ dir: dir.path })
      .get(SCOPE, "a")
      .catch((error: { code: string }) => error.code);

    expect(failure).to.equal("GM_STATE_FILE");
  });

  it("forgets the oldest finished intents, and no open one", async function () {
    const journal = createFileJournal({ dir: dir.path, keepFinished: 2 });
    await journal.add(SCOPE, intent("open", 0));
    for (let nonce = 1; nonce <= 5; nonce++) await journal.add(SCOPE, finished(`${nonce}`, nonce));

    const known = await Promise.all(["open", "1", "2", "3", "4", "5"].map((id) => journal.get(SCOPE, id)));

    expect(known.filter((one) => one).map((one) => one!.id)).to.deep.equal(["open", "3", "4", "5"]);
  });
});
