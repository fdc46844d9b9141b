import { z } from "zod";

import {
  AccountSchema,
  AppAssetSchema,
  AppPageSchema,
  AssetsQuerySchema,
  DatasetAssetSchema,
  DatasetPageSchema,
  PoolAssetSchema,
  PoolPageSchema,
} from "../../protocol/market-api.ts";
import { NotFoundError } from "../../protocol/errors.ts";
import { AddressSchema, uintSchema } from "../../protocol/primitives.ts";
import type { AssetKind } from "../domain/chain-view.ts";
import type { Services } from "../services.ts";

import type { ZodServer } from "./zod-server.ts";

const IdParams = z.object({ id: uintSchema(256) });
const AddressParams = z.object({ address: AddressSchema });
const ACCOUNT_DEALS = 50;

const ASSETS = {
  app: { path: "/apps", one: AppAssetSchema, page: AppPageSchema },
  dataset: { path: "/datasets", one: DatasetAssetSchema, page: DatasetPageSchema },
  pool: { path: "/pools", one: PoolAssetSchema, page: PoolPageSchema },
} as const;

/** Apps, datasets and pools as registered, and accounts. */
export function assetRoutes(server: ZodServer, services: Services): void {
  for (const kind of ["app", "dataset", "pool"] as const) kindRoutes(server, services, kind);

  const schema = { params: AddressParams, response: { 200: AccountSchema }, tags: ["accounts"] };
  const summary = "An account's escrow, and its newest deals as requester";
  server.get("/accounts/:address", { schema: { ...schema, summary } }, async ({ params: { address } }) => {
    const [balance, deals] = await Promise.all([
      services.chain.balance(address),
      services.deals.list({ requester: address, limit: ACCOUNT_DEALS }),
    ]);
    return { address, ...balance, deals: deals.items };
  });
}

function kindRoutes(server: ZodServer, { assets }: Services, kind: AssetKind): void {
  const { path, one, page } = ASSETS[kind];
  const tags = ["assets"];

  const list = { querystring: AssetsQuerySchema, response: { 200: page }, tags };
  server.get(path, { schema: { ...list, summary: `List ${kind}s` } }, async (request, reply) =>
    reply.send((await assets.list(kind, request.query)) as never),
  );

  const get = { params: IdParams, response: { 200: one }, tags };
  server.get(`${path}/:id`, { schema: { ...get, summary: `One ${kind}` } }, async (request, reply) => {
    const asset = await assets.find(kind, request.params.id);
    if (!asset) throw new NotFoundError(`There is no ${kind} ${request.params.id}`);
    return reply.send(asset);
  });
}
