import type { CliNetwork } from "../networks.ts";

import { BOND } from "./genesis.ts";
import { inNameOf } from "./in-name-of.ts";
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
