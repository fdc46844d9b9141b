import { z } from "zod";

import {
  BOOK_ORDER_SCHEMAS,
  ORDER_PAGE_SCHEMAS,
  OrdersQuerySchema,
  QuoteRequestSchema,
  QuoteSchema,
  SIGNED_ORDER_SCHEMAS,
} from "../../protocol/market-api.ts";
import { NotFoundError } from "../../protocol/errors.ts";
import { ORDER_KINDS } from "../../protocol/orders.ts";
import type { OrderByKind, OrderKind, Signed } from "../../protocol/orders.ts";
import { HashSchema } from "../../protocol/primitives.ts";
import { postOrder } from "../domain/post-order.ts";
import { quoteOf } from "../domain/quote.ts";
import type { Services } from "../services.ts";

import type { ZodServer } from "./zod-server.ts";

const HashParams = z.object({ hash: HashSchema });

/** The book: `/orders/:kind` for each kind, and `/quote`. */
export function orderRoutes(server: ZodServer, services: Services): void {
  for (const kind of ORDER_KINDS) kindRoutes(server, services, kind);

  const quote = { body: QuoteRequestSchema, response: { 200: QuoteSchema }, tags: ["orders"] };
  server.post("/quote", { schema: { ...quote, summary: "What a request would cost, and where" } }, async (request) => {
    const now = services.clock.now();
    return quoteOf(request.body, await services.orders.candidates(request.body, now));
  });
}

function kindRoutes(server: ZodServer, { posting, book, orders }: Services, kind: OrderKind): void {
  const tags = ["orders"];
  const one = BOOK_ORDER_SCHEMAS[kind];

  const post = { body: SIGNED_ORDER_SCHEMAS[kind], response: { 200: one, 201: one }, tags };
  server.post(
    `/orders/${kind}`,
    { schema: { ...post, summary: `Post a signed ${kind} order` } },
    async (request, reply) => {
      const { created, order } = await postOrder(posting, kind, request.body as Signed<OrderByKind[typeof kind]>);
      return reply.code(created ? 201 : 200).send(order);
    },
  );

  const list = { querystring: OrdersQuerySchema, response: { 200: ORDER_PAGE_SCHEMAS[kind] }, tags };
  server.get(`/orders/${kind}`, { schema: { ...list, summary: `List ${kind} orders` } }, async (request, reply) =>
    reply.send((await orders.list(kind, request.query)) as never),
  );

  const get = { params: HashParams, response: { 200: one }, tags };
  server.get(`/orders/${kind}/:hash`, { schema: { ...get, summary: `One ${kind} order` } }, async (request, reply) => {
    const order = await book.find(request.params.hash);
    if (order?.kind !== kind) throw new NotFoundError(`The book has no ${kind} order ${request.params.hash}`);
    return reply.send(order);
  });
}
