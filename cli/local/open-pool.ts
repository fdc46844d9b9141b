import { dirname, join } from "node:path";

import { createFileJournal } from "../../chain/node/file-journal.ts";
import { connect } from "../../sdk/grid.ts";
import type { Grid } from "../../sdk/grid.ts";

import { readIfThere } from "../home.ts";
import { openKey } from "../keystore.ts";
import type { CliNetwork } from "../networks.ts";

import { BOND } from "./genesis.ts";
import { workersOf } from "./local-plan.ts";
import type { LocalPlan } from "./local-plan.ts";
import { offerEverything } from "./offers.ts";
import type { LocalPaths } from "./paths.ts";
import { serviceNamed } from "./service.ts";
import { poolService, poolUrl } from "./services.ts";

const OWNER = "pool-owner";

/** First time only: the pool on chain, and the workers' stakes. Needs no market. Returns the plan with its pool. */
export async function registerPool(paths: LocalPaths, plan: LocalPlan, network: CliNetwork): Promise<LocalPlan> {
  const workers = workersOf(plan);
  const endpoint = poolUrl(plan.ports);
  const operator = plan.accounts["pool-operator"]!;
  const [{ id: pool }] = await Promise.all([
    inNameOf(paths, network, OWNER, (owner) => owner.pools.create({ operator, endpoint })),
    ...workers.map(({ name }) => inNameOf(paths, network, name, (worker) => worker.accounts.bond(BOND))),
  ]);
  const services = [serviceNamed(plan, "market"), poolService({ paths, ...plan }, pool), ...workers];
  return { ...plan, pool, services };
}

/** First time only: the pool's orders, in the market's book. */
export async function offerPool(paths: LocalPaths, plan: LocalPlan, network: CliNetwork): Promise<void> {
  await inNameOf(paths, network, OWNER, (owner) => offerEverything(owner, plan.pool!, workersOf(plan).length));
}

/** Does something with the key of one of the local accounts. */
async function inNameOf<T>(
  paths: LocalPaths,
  network: CliNetwork,
  name: string,
  work: (grid: Grid) => Promise<T>,
): Promise<T> {
  const passphrase = ((await readIfThere(paths.passphrase)) ?? "").trim();
  const signer = await openKey(paths.keys, name, passphrase);
  const journal = createFileJournal({ dir: join(dirname(paths.keys), "journals") });
  const { keys: _keys, imageRegistry: _registry, ...sdkNetwork } = network;
  await using grid = await connect({ network: sdkNetwork, signer, journal });
  return await work(grid);
}
