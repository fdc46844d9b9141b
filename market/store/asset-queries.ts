import { sql } from "kysely";
import type { Selectable } from "kysely";

import type { AppAsset, DatasetAsset, Page, PoolAsset } from "../../protocol/market-api.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import type { AssetKind } from "../domain/chain-view.ts";

import type { Database } from "./database.ts";
import { pageOf, parseCursor } from "./paging.ts";
import type { AssetsTable } from "./schema.ts";

type AssetOf = { readonly app: AppAsset; readonly dataset: DatasetAsset; readonly pool: PoolAsset };

type AssetFilter = {
  readonly owner?: Address | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
};

/** Apps, datasets and pools as the registries have them, each with the lowest price asked for it. */
export interface AssetQueries {
  find<K extends AssetKind>(kind: K, id: bigint): Promise<AssetOf[K] | undefined>;
  /** By id, ascending. */
  list<K extends AssetKind>(kind: K, filter: AssetFilter): Promise<Page<AssetOf[K]>>;
}

type AssetRow = Selectable<AssetsTable> & { readonly price: string | null };

export function createAssetQueries(db: Database): AssetQueries {
  return {
    async find(kind, id) {
      const row = await selectAssets(db, kind).where("id", "=", id.toString()).executeTakeFirst();
      return row && SHOW[kind](row);
    },
    async list(kind, { owner, limit, cursor }) {
      const [after] = parseCursor(cursor, 1) ?? ["0"];
      const rows = await selectAssets(db, kind)
        .where("id", ">", after!)
        .$if(owner !== undefined, (query) => query.where("owner", "=", owner!))
        .orderBy("id")
        .limit(limit + 1)
        .execute();
      return pageOf(rows, limit, SHOW[kind], (row) => [row.id]);
    },
  };
}

function selectAssets(db: Database, kind: AssetKind) {
  const price = sql<string | null>`(select min(orders.price) from orders where orders.kind = assets.kind
    and orders.asset = assets.id and orders.status = 'active')`;
  const known = db.selectFrom("assets").selectAll("assets").select(price.as("price"));
  return known.where("kind", "=", kind).where("owner", "is not", null);
}

const SHOW: { readonly [K in AssetKind]: (row: AssetRow) => AssetOf[K] } = {
  app: (row) => ({ ...common(row), ...content(row) }),
  dataset: (row) => ({ ...common(row), ...content(row), encrypted: row.encrypted ?? false }),
  pool: (row) => ({ ...common(row), operator: row.operator as Address, endpoint: row.endpoint ?? "" }),
};

function common({ id, owner, price }: AssetRow) {
  return { id: BigInt(id), owner: owner as Address, price: price === null ? null : BigInt(price) };
}

function content({ reference, digest }: AssetRow) {
  return { reference: reference ?? "", digest: digest as Hash };
}
