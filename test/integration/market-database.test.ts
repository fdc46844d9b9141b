import { expect } from "chai";
import { sql } from "kysely";

import { DatabaseUnreachableError } from "../../market/errors.ts";

import { appendToFeed, createFeedStore, FEED_KEPT } from "../../market/store/feed-store.ts";
import { openDatabase } from "../../market/store/database.ts";
import type { Database } from "../../market/store/database.ts";
import { migrate } from "../../market/store/migrations.ts";
import { createStateStore } from "../../market/store/state-store.ts";
import { createDealQueries } from "../../market/store/deal-queries.ts";
import { createDeals } from "../../market/store/deal-store.ts";
import type { Deals } from "../../market/domain/ports.ts";
import { dealIdOf } from "../../protocol/deal.ts";
import type { Deal } from "../../protocol/deal.ts";
import { ZERO_ADDRESS, ZERO_HASH } from "../../protocol/primitives.ts";
import type { Hash } from "../../protocol/primitives.ts";
import type { MarketEvent } from "../../protocol/market-feed.ts";
import { inSuite } from "../support/in-suite.ts";
import { fresh } from "../support/market-world.ts";
import { testPostgres } from "../support/parts.ts";
import { waitFor } from "../support/wait-for.ts";

const event = (): MarketEvent => ({
  kind: "task",
  task: { taskId: fresh(), dealId: fresh(), index: 0, status: "settled", digest: fresh() },
});

const DEAL: Deal = {
  ...{ app: 1n, dataset: 0n, pool: 1n, appPrice: 1n, datasetPrice: 0n, poolPrice: 2n, poolStake: 0n, workerStake: 0n },
  ...{ appOwner: ZERO_ADDRESS, datasetOwner: ZERO_ADDRESS, poolOwner: ZERO_ADDRESS, requester: ZERO_ADDRESS },
  ...{ payer: ZERO_ADDRESS, beneficiary: ZERO_ADDRESS, callback: ZERO_ADDRESS },
  ...{ schedulerShare: 0, grace: 0, lane: 0, category: 0, maxWeight: 16, trust: 2, volume: 2, openedAt: 1_000 },
  ...{ requirements: ZERO_HASH, paramsHash: ZERO_HASH, requestHash: ZERO_HASH },
};

/** A row of the first form of the table. */
const OLD_ORDER = {
  ...{ hash: ZERO_HASH, kind: "request", signer: ZERO_ADDRESS, asset: "1", price: "1", volume: "1", needs: "1" },
  ...{ nonce: "1", expiry: 1, fields: "{}", signature: "0x", consumed: "0", nonce_used: false, remaining: "1" },
  ...{ status: "active", posted_at: 1, read_at: 1 },
};

/** What the market relies on, on either database. */
function keepsOrder(database: () => Database): void {
  const append = (db: Database, events: number, fails = false): Promise<void> =>
    db.transaction().execute(async (tx) => {
      await appendToFeed(tx, Array.from({ length: events }, event));
      if (fails) throw new Error("undo");
    });

  it("numbers the feed without gaps, though transactions overlap and some fail", async function () {
    const feed = createFeedStore(database());
    const start = await feed.newest();

    await Promise.allSettled([1, 2, 3, 1, 2].map((events, at) => append(database(), events, at === 2)));

    const seqs = (await feed.after(start))?.map(({ seq }) => seq);
    expect(seqs).to.deep.equal([1, 2, 3, 4, 5, 6].map((each) => start + each));
  });

  it("keeps the newest events and says when older ones are asked for", async function () {
    const feed = createFeedStore(database());
    await append(database(), FEED_KEPT / 2);
    await append(database(), FEED_KEPT / 2);
    const newest = await feed.newest();

    expect(await feed.after(newest - FEED_KEPT - 1)).to.equal(undefined);
    expect((await feed.after(newest - FEED_KEPT))?.[0]?.seq).to.equal(newest - FEED_KEPT + 1);
    expect(await feed.after(newest)).to.deep.equal([]);
  });

  it("lets one process lead at a time", async function () {
    const state = createStateStore(database());

    expect(await state.lead("one", 60)).to.equal(true);
    expect(await state.lead("two", 60)).to.equal(false);
    expect(await state.lead("one", 60)).to.equal(true);
    await state.resign("two");
    expect(await state.lead("two", 60)).to.equal(false);
    await state.resign("one");
    expect(await state.lead("two", 60)).to.equal(true);
  });

  it("lets another lead once the first has been silent for its time", async function () {
    const state = createStateStore(database());
    await state.resign("two");
    await state.lead("one", -2);

    expect(await state.lead("two", 60)).to.equal(true);
  });

  it("brings a book that knew no payers to today's form, and loses nothing", async function () {
    const db = database();
    await sql`alter table orders drop column payer`.execute(db);
    await sql`drop table allowances`.execute(db);
    await sql`delete from kysely_migration where name = '0002_payers'`.execute(db);
    const columns = sql.raw(Object.keys(OLD_ORDER).join(", "));
    await sql`insert into orders (${columns}) values (${sql.join(Object.values(OLD_ORDER))})`.execute(db);

    await migrate(db);
    await migrate(db);

    const kept = await db.selectFrom("orders").selectAll().executeTakeFirstOrThrow();
    expect(kept).to.deep.include({ hash: OLD_ORDER.hash, payer: null });
    expect(await db.selectFrom("allowances").selectAll().execute()).to.deep.equal([]);
    await db.deleteFrom("orders").execute();
  });

  describe("given a deal of two tasks", function () {
    const opened = { blockNumber: 10, logIndex: 1, transactionHash: fresh() };
    const status = async (dealId: Hash): Promise<readonly unknown[]> => {
      const queries = createDealQueries(database());
      const deal = await queries.find(dealId);
      const tasks = await queries.tasks(dealId, { limit: 10 });
      return [deal?.status, deal?.settled, tasks.items.map((task) => task.status).join(" ")];
    };
    async function openDeal(): Promise<{ readonly dealId: Hash; readonly deals: Deals }> {
      const deals = createDeals(database());
      const deal = { ...DEAL, requestHash: fresh() };
      const dealId = dealIdOf(deal);
      await deals.open({ ...opened, dealId, deal });
      return { dealId, deals };
    }

    it("is open, then settled task by task, however often it is told", async function () {
      const { dealId, deals } = await openDeal();
      const seen = [await status(dealId)];
      for (const index of [0, 0, 1]) {
        await deals.settle(dealId, index, fresh(), 20);
        seen.push(await status(dealId));
      }

      expect(seen).to.deep.equal([
        ["open", 0, "open open"],
        ["open", 1, "settled open"],
        ["open", 1, "settled open"],
        ["settled", 2, "settled settled"],
      ]);
    });

    it("keeps what was settled when the rest is claimed", async function () {
      const { dealId, deals } = await openDeal();
      await deals.settle(dealId, 1, fresh(), 20);
      await deals.end(dealId, "claimed", 30);

      expect(await status(dealId)).to.deep.equal(["claimed", 1, "claimed settled"]);
    });

    it("forgets on a rewind exactly what came after that block", async function () {
      const { dealId, deals } = await openDeal();
      await deals.settle(dealId, 0, fresh(), 20);
      await deals.settle(dealId, 1, fresh(), 21);
      await deals.end(dealId, "declined", 22);
      const seen: (readonly unknown[])[] = [];
      for (const block of [21, 20, 10, 9]) {
        await deals.rewind(block);
        seen.push(await status(dealId));
      }

      expect(seen).to.deep.equal([
        ["settled", 2, "settled settled"],
        ["open", 1, "settled open"],
        ["open", 0, "open open"],
        [undefined, undefined, ""],
      ]);
    });

    it("lists by status", async function () {
      const { dealId, deals } = await openDeal();
      await deals.end(dealId, "declined", 30);
      const listed = await createDealQueries(database()).list({ status: "declined", limit: 10 });

      expect(listed.items.map((deal) => deal.dealId)).to.deep.equal([dealId]);
    });
  });

  it("shows no transaction of others before its end, and nothing of one that failed", async function () {
    const entered = Promise.withResolvers<void>();
    const note = (name: string) => ({ name, value: "x" });
    const failing = database()
      .transaction()
      .execute(async (tx) => {
        await tx.insertInto("state").values(note("inside")).execute();
        entered.resolve();
        await tx.insertInto("state").values(note("inside too")).execute();
        throw new Error("undo");
      });
    await entered.promise;
    const outside = database().insertInto("state").values(note("outside")).execute();

    await failing.catch((error: Error) => expect(error.message).to.equal("undo"));
    await outside;

    const names = await database().selectFrom("state").select("name").where("value", "=", "x").execute();
    expect(names).to.deep.equal([{ name: "outside" }]);
  });
}

describe("market database", function () {
  this.timeout(60_000);

  describe("PGlite", function () {
    keepsOrder(
      inSuite(async () => {
        const db = await openDatabase({ kind: "embedded", folder: undefined });
        return Object.assign(db, { [Symbol.asyncDispose]: () => db.destroy() });
      }),
    );
  });

  describe("PostgreSQL", function () {
    const server = inSuite(async () => {
      const postgres = await testPostgres();
      const options = { kind: "postgres", url: postgres.url } as const;
      const db = await openDatabase(options);
      return {
        db,
        options,
        postgres,
        async [Symbol.asyncDispose]() {
          await db.destroy();
          await postgres.stop();
        },
      };
    });
    keepsOrder(() => server().db);

    it("is brought up to date by several processes at a time", async function () {
      const databases = await Promise.all([1, 2, 3].map(() => openDatabase(server().options)));

      await Promise.all(databases.map((db) => db.destroy()));
    });

    it("says that the server broke off, and goes on with a new connection", async function () {
      const { db } = server();
      const breakOff = sql`select pg_terminate_backend(pg_backend_pid())`.execute(db);

      const error = await breakOff.catch((each: unknown) => each);

      expect(error).to.be.instanceOf(DatabaseUnreachableError).and.have.property("retryable", true);
      await waitFor("an answer", async () => (await createFeedStore(db).newest()) >= 0);
    });

    it("survives that idle connections are broken off", async function () {
      const { db, options } = server();
      const other = await openDatabase(options);
      await Promise.all([1, 2, 3].map(() => createFeedStore(db).newest()));

      await sql`select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()`.execute(other);
      await other.destroy();

      await waitFor("an answer", async () => (await createFeedStore(db).newest()) >= 0);
    });

    it("leaves the error of a bad statement as it is", async function () {
      const error = await sql`select nothing`.execute(server().db).catch((each: unknown) => each);

      expect(error).to.not.be.instanceOf(DatabaseUnreachableError);
    });
  });
});
