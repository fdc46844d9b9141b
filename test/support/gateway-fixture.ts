import type { FastifyInstance } from "fastify";

import { openGateway } from "./scheduler-gateway.ts";
import { SchedulerWorld } from "./scheduler-world.ts";

type Options = {
  /** Variables of the scheduler. */
  readonly env?: Readonly<Record<string, string>>;
  /** The name by which the gateway is called. Default: the one in the request. */
  readonly publicHost?: string;
};

/** A world and the gateway of its pool for each test of the `describe` it is called in. @returns functions that give them */
export function withGateway(
  redis: () => { readonly url: string },
  { env = {}, publicHost }: Options = {},
): { readonly world: () => SchedulerWorld; readonly app: () => FastifyInstance } {
  let opened: { readonly world: SchedulerWorld; readonly app: FastifyInstance } | undefined;
  beforeEach(async () => {
    const world = await SchedulerWorld.open(redis().url, env);
    opened = { world, app: await openGateway(world, publicHost) };
  });
  afterEach(async () => {
    await opened?.app.close();
    await opened?.world[Symbol.asyncDispose]();
    opened = undefined;
  });
  return { world: () => opened!.world, app: () => opened!.app };
}
