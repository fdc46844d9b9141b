import { sql } from "kysely";

import type { Address } from "../../protocol/primitives.ts";
import type { AssetKind } from "../domain/chain-view.ts";
import type { AllowanceRef, Book } from "../domain/ports.ts";

import type { Database } from "./database.ts";
import { judgeOrders } from "./judge-orders.ts";
import { bookOrderOf, nameOf, rowOf } from "./order-rows.ts";

const OPEN = ["active", "inactive"] as const;
const NAME = ["hash", "kind", "signer", "nonce"] as const;

/** The order book in the database. */
export function createBook(db: Database): Book {
  return {
    ...orderQueries(db),
    ...factWrites(db),
    ...allowances(db),
    ...touched(db),
    judge: (selector, now) => judgeOrders(db, selector, now),
  };
}

function orderQueries(db: Database): Pick<Book, "find" | "countOpen" | "insert" | "knownOrders" | "openRequests"> {
  return {
    async find(hash) {
      const row = await db.selectFrom("orders").selectAll().where("hash", "=", hash).executeTakeFirst();
      return row && bookOrderOf(row);
    },
    async countOpen(signer) {
      const counted = db.selectFrom("orders").select((eb) => eb.fn.countAll().as("count"));
      const row = await counted.where("signer", "=", signer).where("status", "in", OPEN).executeTakeFirstOrThrow();
      return Number(row.count);
    },
    async insert(order) {
      await db
        .insertInto("orders")
        .values(rowOf(order))
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },
    async knownOrders(hashes) {
      if (hashes.length === 0) return [];
      return (await db.selectFrom("orders").select(NAME).where("hash", "in", hashes).execute()).map(nameOf);
    },
    async openRequests(requester) {
      const requests = db
        .selectFrom("orders")
        .select(NAME)
        .where("signer", "=", requester)
        .where("kind", "=", "request");
      return (await requests.where("status", "in", OPEN).execute()).map(nameOf);
    },
  };
}

/** The columns of an asset that is not registered (any more), or does not have that kind of detail. */
const ASSET_GONE = { owner: null, reference: null, digest: null, encrypted: null, operator: null, endpoint: null };

type FactWrites = Pick<Book, "saveAccount" | "saveAsset" | "saveUse" | "saveOwner" | "wasOwner" | "knowsAccount">;

function factWrites(db: Database): FactWrites {
  return {
    async saveAccount(address, facts, block) {
      const { available, counter } = facts;
      const values = { available: available.toString(), counter: counter.toString(), read_at: block };
      await db
        .insertInto("accounts")
        .values({ address, ...values })
        .onConflict((conflict) => conflict.column("address").doUpdateSet(values))
        .execute();
    },
    async saveAsset(kind, id, asset, block) {
      const values = { ...ASSET_GONE, ...asset, read_at: block };
      await db
        .insertInto("assets")
        .values({ kind, id: id.toString(), ...values })
        .onConflict((conflict) => conflict.columns(["kind", "id"]).doUpdateSet(values))
        .execute();
    },
    async saveUse(hash, { consumed, nonceUsed }, block) {
      const values = { consumed: consumed.toString(), nonce_used: nonceUsed, read_at: block };
      await db.updateTable("orders").set(values).where("hash", "=", hash).execute();
    },
    async saveOwner(kind, id, owner) {
      const row = { kind, id: id.toString(), owner };
      await db
        .insertInto("owners")
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },
    async wasOwner(kind, id, owner) {
      const owners = db.selectFrom("owners").select("owner").where("kind", "=", kind).where("id", "=", id.toString());
      return (await owners.where("owner", "=", owner).executeTakeFirst()) !== undefined;
    },
    async knowsAccount(address) {
      const account = db
        .selectFrom("accounts")
        .select(sql<number>`1`.as("one"))
        .where("address", "=", address);
      return (await account.executeTakeFirst()) !== undefined;
    },
  };
}

function allowances(db: Database): Pick<Book, "saveAllowance" | "knowsAllowance"> {
  return {
    async saveAllowance(allowance, amount, block) {
      const values = { amount: amount.toString(), read_at: block };
      await db
        .insertInto("allowances")
        .values({ ...allowance, ...values })
        .onConflict((conflict) => conflict.columns(["payer", "requester"]).doUpdateSet(values))
        .execute();
    },
    async knowsAllowance({ payer, requester }) {
      const allowance = db.selectFrom("allowances").select("payer").where("payer", "=", payer);
      return (await allowance.where("requester", "=", requester).executeTakeFirst()) !== undefined;
    },
  };
}

function touched(db: Database): Pick<Book, "touchedSince"> {
  return {
    async touchedSince(block) {
      const orders = await db.selectFrom("orders").select(NAME).where("read_at", ">", block).execute();
      const accounts = await db.selectFrom("accounts").select("address").where("read_at", ">", block).execute();
      const allowed = db.selectFrom("allowances").select(["payer", "requester"]).where("read_at", ">", block);
      const assets = await db.selectFrom("assets").select(["kind", "id"]).where("read_at", ">", block).execute();
      return {
        orders: orders.map(nameOf),
        accounts: accounts.map(({ address }) => address as Address),
        allowances: (await allowed.execute()) as readonly AllowanceRef[],
        assets: assets.map(({ kind, id }) => ({ kind: kind as AssetKind, id: BigInt(id) })),
      };
    },
  };
}
