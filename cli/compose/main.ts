/**
 * The founding services of docker-compose.yml: `node cli/compose/main.ts contracts HOST:PORT` before the market starts, with
 * the address of the image registry, and `node cli/compose/main.ts pool` once it serves. Each does its work once and ends;
 * started again they find it done.
 */
import { UsageError } from "../errors.ts";
import { exitCodeOf } from "../exit-codes.ts";
import { reportError } from "../report-error.ts";

import { foundContracts } from "./found-contracts.ts";
import { foundPool } from "./found-pool.ts";

async function found([what, registry]: readonly string[]): Promise<void> {
  if (what === "contracts" && registry !== undefined) return await foundContracts(registry);
  if (what === "pool") return await foundPool();
  throw new UsageError("Found what?", { hint: "contracts HOST:PORT, or pool" });
}

try {
  await found(process.argv.slice(2));
} catch (error) {
  console.error(reportError(error).text);
  process.exitCode = exitCodeOf(error);
}
