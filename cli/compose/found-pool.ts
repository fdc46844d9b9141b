import { readFile } from "node:fs/promises";

import { DeploymentSchema } from "../../protocol/deployment.ts";
import { AssetUnknownError } from "../../protocol/order-errors.ts";
import type { Address } from "../../protocol/primitives.ts";
import type { Grid } from "../../sdk/grid.ts";
import { keyAddress } from "../keystore.ts";
import { BOND } from "../local/genesis.ts";
import { offerEverything } from "../local/offers.ts";
import { inNameOf } from "../local/in-name-of.ts";

import { networkOf } from "./found-contracts.ts";
import { FOUNDER, POOL_URL, WORKERS } from "./places.ts";

/** The first pool of a fresh chain: docker-compose.yml tells the scheduler this id. */
const POOL = 1n;

/** The pool, its offers in the book, and the workers' bonds. What is there already is left as it is. */
export async function foundPool(): Promise<void> {
  const deployment = DeploymentSchema.parse(JSON.parse(await readFile(FOUNDER.deployment, "utf8")));
  const network = networkOf(deployment, "");
  const operator = await addressOf("pool-operator");
  await inNameOf(FOUNDER, network, "pool-owner", async (owner) => {
    if (!(await isRegistered(owner))) await owner.pools.create({ operator, endpoint: POOL_URL });
    const offers = await owner.orders.list("pool", { pool: POOL });
    if (offers.length === 0) await offerEverything(owner, POOL, WORKERS.length);
  });
  await Promise.all(WORKERS.map((name) => inNameOf(FOUNDER, network, name, (worker) => bondOnce(worker, name))));
}

async function isRegistered({ pools }: Grid): Promise<boolean> {
  try {
    return (await pools.get(POOL)).endpoint !== "";
  } catch (error) {
    if (error instanceof AssetUnknownError) return false;
    throw error;
  }
}

async function bondOnce({ accounts }: Grid, name: string): Promise<void> {
  const { bonded } = await accounts.show(await addressOf(name));
  if (bonded === 0n) await accounts.bond(BOND);
}

async function addressOf(name: string): Promise<Address> {
  return (await keyAddress(FOUNDER.keys, name))!;
}
