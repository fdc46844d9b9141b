import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import { JournalCorruptError } from "../../../worker/errors.ts";
import { openFileJournal } from "../../../worker/journal/file-journal.ts";
import type { LeaseRecord } from "../../../worker/journal/journal.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { aLease, NOW } from "./fakes.ts";

const aRecord = (): LeaseRecord => ({ lease: aLease(), acceptedAt: NOW });

describe("file journal", function () {
  it("gives back after a restart what was put, down to the last bigint", async function () {
    await using dir = await tempDir();
    const record = aRecord();
    const { leaseId } = record.lease;
    await (await openFileJournal(dir.path)).leases.change(leaseId, () => record);

    const again = await openFileJournal(dir.path);

    expect(again.leases.all()).to.deep.equal([record]);
    expect(again.leases.get(leaseId)).to.deep.equal(record);
  });

  it("forgets what was removed", async function () {
    await using dir = await tempDir();
    const record = aRecord();
    const { leases } = await openFileJournal(dir.path);
    await leases.change(record.lease.leaseId, () => record);

    await leases.change(record.lease.leaseId, () => undefined);

    expect(leases.all()).to.deep.equal([]);
    expect((await openFileJournal(dir.path)).leases.all()).to.deep.equal([]);
  });

  it("makes changes of one record one after another", async function () {
    await using dir = await tempDir();
    const record = aRecord();
    const { leaseId } = record.lease;
    const { leases } = await openFileJournal(dir.path);
    await leases.change(leaseId, () => record);

    const later = (old: LeaseRecord | undefined) => old && { ...old, acceptedAt: old.acceptedAt + 1 };
    await Promise.all(Array.from({ length: 10 }, () => leases.change(leaseId, later)));

    expect((await openFileJournal(dir.path)).leases.get(leaseId)?.acceptedAt).to.equal(NOW + 10);
  });

  it("writes nothing when nothing changes, and goes on after a step that throws", async function () {
    await using dir = await tempDir();
    const record = aRecord();
    const { leaseId } = record.lease;
    const { leases } = await openFileJournal(dir.path);
    await leases.change(leaseId, () => record);
    const path = join(dir.path, "leases", `${leaseId}.json`);
    await writeFile(path, "untouched");

    const thrown = leases.change(leaseId, () => {
      throw new Error("no");
    });
    await thrown.catch(() => {});
    await leases.change(leaseId, (same) => same);

    expect(await readFile(path, "utf8")).to.equal("untouched");
  });

  it("ignores and removes a file that was being written when the power went", async function () {
    await using dir = await tempDir();
    await openFileJournal(dir.path);
    await writeFile(join(dir.path, "votes", "0x1.json.1.draft"), '{"half');

    const journal = await openFileJournal(dir.path);

    expect(journal.votes.all()).to.deep.equal([]);
    expect(await readdir(join(dir.path, "votes"))).to.deep.equal([]);
  });

  for (const [what, text] of [
    ["is no JSON", "{"],
    ["has another shape", '{"taskId":"0x1"}'],
  ] as const) {
    it(`refuses to open where a record ${what}: forgetting a vote could mean voting twice`, async function () {
      await using dir = await tempDir();
      await openFileJournal(dir.path);
      const path = join(dir.path, "votes", "x.json");
      await writeFile(path, text);

      const opened = await openFileJournal(dir.path).catch((error: unknown) => error);

      expect(opened).to.be.instanceOf(JournalCorruptError);
      expect((opened as JournalCorruptError).details).to.deep.equal({ path });
    });
  }
});
