import { readFile } from "node:fs/promises";

import { z } from "zod";

import { undefinedIfMissing } from "../chain/node/system-error.ts";
import { BadConfigError, OwnerUnprovenError } from "../protocol/errors.ts";
import { OwnerStatementSchema } from "../protocol/ownership.ts";
import type { OwnerClaim, OwnerStatement } from "../protocol/ownership.ts";
import type { Address } from "../protocol/primitives.ts";
import type { ChainLink } from "./chain/connect.ts";

type Source = {
  /** The file that the owner named; undefined where none was. */
  readonly named: string | undefined;
  /** Where it lies where none was named; it may be missing. */
  readonly usual: string;
};

/**
 * What this worker tells its pool of its owner, checked as the pool will check it; undefined where there is no statement.
 * @throws BadConfigError | OwnerUnprovenError, or what the chain throws
 */
export async function readOwner(
  { named, usual }: Source,
  worker: Address,
  link: Pick<ChainLink, "chainId" | "ballotDomain" | "isOwner">,
): Promise<OwnerClaim | undefined> {
  const statement = await readStatement(named ?? usual, named !== undefined);
  if (!statement) return undefined;
  const { owner, signature } = statement;
  const { chainId, ballotDomain, isOwner } = link;
  const hub = ballotDomain.verifyingContract;
  if (statement.worker !== worker) throw unproven(statement, `it is for worker ${statement.worker}, not for ${worker}`);
  if (statement.chainId !== chainId || statement.hub !== hub)
    throw unproven(statement, `it is for hub ${statement.hub} on chain ${statement.chainId}, not ${hub} on ${chainId}`);
  if (!(await isOwner(worker, { owner, signature }))) throw unproven(statement, `${owner} has not signed it`);
  return { owner, signature };
}

async function readStatement(file: string, mustBeThere: boolean): Promise<OwnerStatement | undefined> {
  try {
    const text = await readFile(file, "utf8").catch(mustBeThere ? undefined : undefinedIfMissing);
    return text === undefined ? undefined : OwnerStatementSchema.parse(JSON.parse(text));
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new BadConfigError(`${file} does not say whose this worker is: ${why}`, {
      cause,
      details: { problems: [`GRIDMILL_OWNER_FILE: ${file}`] },
      hint: "It is what gridmill worker own prints; without a file the worker states no owner",
    });
  }
}

function unproven({ owner, worker }: OwnerStatement, why: string): OwnerUnprovenError {
  return new OwnerUnprovenError(`The statement of this worker's owner does not fit: ${why}`, {
    details: { owner, worker },
    hint: "Have it signed again with the owner's key: gridmill worker own; or take the file away",
  });
}
