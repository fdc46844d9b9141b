import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance, FastifySchema } from "fastify";
import { z } from "zod";

/** Describes every route at `/docs`, and for programs at `/openapi.json`. Call it before the routes. */
export async function describeRoutes(server: FastifyInstance): Promise<void> {
  await server.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Gridmill market",
        version: "1",
        description: "Orders, quotes, params, assets and deals of one chain. Amounts are wei in decimal strings.",
      },
    },
    transform: ({ schema, url }) => ({ schema: schema ? described(schema) : schema, url }),
  });
  await server.register(swaggerUi, { routePrefix: "/docs" });
  server.get("/openapi.json", { schema: { hide: true } }, async (_request, reply) =>
    reply.type("application/json").serializer(String).send(JSON.stringify(server.swagger())),
  );
}

function described(schema: FastifySchema): FastifySchema {
  const { body, querystring, params, response, ...rest } = schema;
  const answers = Object.entries((response ?? {}) as Record<string, unknown>);
  const parts = Object.entries({ body, querystring, params }).filter(([, part]) => part !== undefined);
  return {
    ...rest,
    ...jsonOfEach(parts),
    ...(answers.length === 0 ? {} : { response: jsonOfEach(answers) }),
  };
}

function jsonOfEach(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  return Object.fromEntries(entries.map(([name, part]) => [name, part instanceof z.ZodType ? jsonOf(part) : part]));
}

/** The form on the wire, which is the schemas' input on both ways: bigints travel as decimal strings. */
function jsonOf(schema: z.ZodType): object {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override: ({ jsonSchema }) => {
      // what JSON cannot say (a bigint) becomes an empty alternative, which would allow anything
      if (jsonSchema.anyOf) jsonSchema.anyOf = jsonSchema.anyOf.filter((each) => Object.keys(each).length > 0);
    },
  });
  return json;
}
