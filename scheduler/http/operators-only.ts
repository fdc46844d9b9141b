import type { FastifyRequest } from "fastify";

import type { Address } from "../../protocol/primitives.ts";
import { NotAllowedError } from "../errors.ts";
import type { PoolFacts } from "./pool-routes.ts";
import type { Sessions } from "./sessions.ts";

/** Who asks, if it is the pool's operator or its owner. @throws NotLoggedInError | NotAllowedError */
export type OperatorsOnly = (request: Pick<FastifyRequest, "headers">) => Promise<Address>;

export function operatorsOnly(sessions: Sessions, { operator, owner }: PoolFacts): OperatorsOnly {
  return async ({ headers }) => {
    const caller = await sessions.addressOf(headers.authorization);
    if (caller === operator || caller === owner()) return caller;
    throw new NotAllowedError("Only the pool's operator and its owner may do that");
  };
}
