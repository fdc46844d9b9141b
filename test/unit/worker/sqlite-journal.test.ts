import { mkdir, open, writeFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";

import { expect } from "chai";

import { JournalCorruptError } from "../../../worker/errors.ts";
import type { Journal, LeaseRecord } from "../../../worker/journal/journal.ts";
import { journalFile, openSqliteJournal } from "../../../worker/journal/sqlite-journal.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { aLease, NOW } from "./fakes.ts";

const aRecord = (): LeaseRecord => ({ lease: aLease(), acceptedAt: NOW });
const later = (old: LeaseRecord | undefined): LeaseRecord | undefined =>
  old && { ...old, acceptedAt: old.acceptedAt + 1 };

/** How many records the disk has. */
function recordsIn(folder: string): unknown {
  const database = new DatabaseSync(journalFile(folder));
  const found = database.prepare("SELECT count(*) AS records FROM records").get();
  database.close();
  return found?.["records"];
}

describe("SQLite journal", function () {
  it("gives back after a restart what was put, down to the last bigint", async function () {
    await using dir = await tempDir();
    const record = aRecord();
    const { leaseId } = record.lease;
    await (await openSqliteJournal(dir.path)).leases.change(leaseId, () => record);

    const again = await openSqliteJournal(dir.path);

    expect(again.leases.all()).to.deep.equal([record]);
    expect(again.leases.get(leaseId)).to.deep.equal(record);
    expect([again.votes.all(), again.ballots.all()]).to.deep.equal([[], []]);
  });

  it("forgets what was removed", async function () {
    await using dir = await tempDir();
    const record = aRecord();
    const { leases } = await openSqliteJournal(dir.path);
    await leases.change(record.lease.leaseId, () => record);

    await leases.change(record.lease.leaseId, () => undefined);

    expect(leases.all()).to.deep.equal([]);
    expect((await openSqliteJournal(dir.path)).leases.all()).to.deep.equal([]);
  });

  it("makes changes of one record one after another", async function () {
    await using dir = await tempDir();
    const record = aRecord();
    const { leaseId } = record.lease;
    const { leases } = await openSqliteJournal(dir.path);
    await leases.change(leaseId, () => record);

    await Promise.all(Array.from({ length: 10 }, () => leases.change(leaseId, later)));

    expect((await openSqliteJournal(dir.path)).leases.get(leaseId)?.acceptedAt).to.equal(NOW + 10);
  });

  it("shows nobody what is not on the disk yet", async function () {
    await using dir = await tempDir();
    const record = aRecord();
    const { leases } = await openSqliteJournal(dir.path);

    const written = leases.change(record.lease.leaseId, () => record);
    const before = leases.all();
    await written;

    expect([before, leases.all()]).to.deep.equal([[], [record]]);
    expect(recordsIn(dir.path)).to.equal(1);
  });

  it("goes on after a step that throws, with the changes that were asked for beside it", async function () {
    await using dir = await tempDir();
    const record = aRecord();
    const { leaseId } = record.lease;
    const { leases } = await openSqliteJournal(dir.path);

    const [put, thrown, changed] = await Promise.allSettled([
      leases.change(leaseId, () => record),
      leases.change(leaseId, () => {
        throw new Error("no");
      }),
      leases.change(leaseId, later),
    ]);

    expect([put.status, thrown.status, changed.status]).to.deep.equal(["fulfilled", "rejected", "fulfilled"]);
    expect((await openSqliteJournal(dir.path)).leases.get(leaseId)?.acceptedAt).to.equal(NOW + 1);
  });

  it("writes nothing when nothing changes", async function () {
    await using dir = await tempDir();
    const record = aRecord();
    const { leaseId } = record.lease;
    const { leases, close } = await openSqliteJournal(dir.path);
    await leases.change(leaseId, () => record);
    close();

    const same = await leases.change(leaseId, (before) => before);

    expect(same).to.deep.equal(record);
  });

  it("takes back what the disk did not take, all of it, and takes changes again", async function () {
    await using dir = await tempDir();
    const record = aRecord();
    const { leaseId } = record.lease;
    const journal = await openSqliteJournal(dir.path);
    await journal.leases.change(leaseId, () => record);
    const full = new DatabaseSync(journalFile(dir.path));
    full.exec("CREATE TRIGGER full BEFORE UPDATE ON records BEGIN SELECT RAISE(ABORT, 'disk full'); END");

    const refused = await Promise.allSettled([
      journal.leases.change("another", () => record),
      journal.leases.change(leaseId, later),
      journal.leases.change(leaseId, later),
    ]);

    expect(refused.map(({ status }) => status)).to.deep.equal(["rejected", "rejected", "rejected"]);
    expect(journal.leases.all()).to.deep.equal([record]);
    full.exec("DROP TRIGGER full");
    full.close();
    await journal.leases.change(leaseId, later);
    expect((await openSqliteJournal(dir.path)).leases.get(leaseId)?.acceptedAt).to.equal(NOW + 1);
  });

  for (const [what, spoil, record] of [
    ["is no JSON", "{", "votes/x"],
    ["has another shape", '{"taskId":"0x1"}', "votes/x"],
  ] as const) {
    it(`refuses to open where a record ${what}: forgetting a vote could mean voting twice`, async function () {
      await using dir = await tempDir();
      (await openSqliteJournal(dir.path)).close();
      const database = new DatabaseSync(journalFile(dir.path));
      database.prepare("INSERT INTO records VALUES ('votes', 'x', ?)").run(spoil);
      database.close();

      expect(await faultOf(openSqliteJournal(dir.path))).to.deep.equal({ path: journalFile(dir.path), record });
    });
  }

  it("refuses to open a database with a page that is spoiled", async function () {
    await using dir = await tempDir();
    const journal = await openSqliteJournal(dir.path);
    for (let each = 0; each < 20; each++) await journal.leases.change(`${each}`, aRecord);
    journal.close();
    await using file = await open(journalFile(dir.path), "r+");
    await file.write(Buffer.alloc(2_000, 0xff), 0, 2_000, 2 * 4_096);

    expect(await faultOf(openSqliteJournal(dir.path))).to.deep.equal({ path: journalFile(dir.path), record: "" });
  });

  it("says what is wrong where the disk is, and not that the journal is", async function () {
    await using dir = await tempDir();
    await mkdir(journalFile(dir.path));

    const error = await openSqliteJournal(dir.path).catch((reason: unknown) => reason);

    expect(error).to.be.instanceOf(Error).and.not.instanceOf(JournalCorruptError);
  });

  it("takes no change any more once it is closed, and memory stays as the disk is", async function () {
    await using dir = await tempDir();
    const { leases, close } = await openSqliteJournal(dir.path);
    close();

    const [late] = await Promise.allSettled([leases.change("late", aRecord)]);

    expect([late.status, leases.all()]).to.deep.equal(["rejected", []]);
  });

  it("refuses to open what is no database", async function () {
    await using dir = await tempDir();
    await writeFile(journalFile(dir.path), "something else".repeat(100));

    expect(await faultOf(openSqliteJournal(dir.path))).to.deep.equal({ path: journalFile(dir.path), record: "" });
  });
});

async function faultOf(opened: Promise<Journal>): Promise<unknown> {
  const error = await opened.catch((reason: unknown) => reason);
  expect(error).to.be.instanceOf(JournalCorruptError);
  return (error as JournalCorruptError).details;
}
