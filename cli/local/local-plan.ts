import { z } from "zod";

import { AddressSchema, uintSchema } from "../../protocol/primitives.ts";
import { StateFileError } from "../../chain/errors.ts";

import { readIfThere, writePrivateJson } from "../home.ts";
import { assertPortFree, freePort } from "../parts/free-port.ts";

/** A service of ours that runs as a process of its own, as it is started every time. */
const ServiceSchema = z.strictObject({
  /** `market`, `pool`, `worker-1`… */
  name: z.string(),
  /** The program, relative to the package's root. */
  program: z.string(),
  env: z.record(z.string(), z.string()),
  dataDir: z.string(),
  logFile: z.string(),
  /** Answers with 200 once the service is ready. */
  readyUrl: z.string(),
});
export type Service = z.output<typeof ServiceSchema>;

const PortsSchema = z.strictObject({
  chain: z.int(),
  redis: z.int(),
  registry: z.int(),
  market: z.int(),
  pool: z.int(),
  workers: z.array(z.int()),
});
export type Ports = z.output<typeof PortsSchema>;

/** What a local market is made of. It outlives its processes: a later `up` finds the same ports, keys and pool. */
const LocalPlanSchema = z.strictObject({
  ports: PortsSchema,
  /** Somebody else's chain; without it the market runs its own. */
  chain: z.url({ protocol: /^https?$/ }).optional(),
  /** Addresses by the name of their key. */
  accounts: z.record(z.string(), AddressSchema),
  pool: uintSchema(256).optional(),
  services: z.array(ServiceSchema),
});
export type LocalPlan = z.output<typeof LocalPlanSchema>;

/** Those of the services that are workers, the demo's cheat among them. */
export function workersOf({ services }: LocalPlan): readonly Service[] {
  return services.filter(({ name }) => name !== "market" && name !== "pool");
}

/** Where things listen when nothing else does; the numbers are nobody's standard ports but the chain's. */
const PREFERRED: Omit<Ports, "workers"> = { chain: 8545, redis: 6390, registry: 5010, market: 8480, pool: 8470 };
const FIRST_WORKER_PORT = 8491;

/** Ports for a new market: the well-known ones where they are free, others where not. `anyPorts` takes free ones only. */
export async function choosePorts(workers: number, anyPorts: boolean): Promise<Ports> {
  const pick = (preferred: number): Promise<number> => (anyPorts ? freePort() : portNear(preferred));
  const named = {} as Record<keyof typeof PREFERRED, number>;
  for (const [name, port] of Object.entries(PREFERRED)) named[name as keyof typeof PREFERRED] = await pick(port);
  const ports: number[] = [];
  for (let index = 0; index < workers; index++) ports.push(await pick(FIRST_WORKER_PORT + index));
  return { ...named, workers: ports };
}

async function portNear(preferred: number): Promise<number> {
  try {
    await assertPortFree(preferred, "the local market");
    return preferred;
  } catch {
    return await freePort();
  }
}

/** @throws StateFileError when the file is not what `up` wrote */
export async function readPlan(file: string): Promise<LocalPlan | undefined> {
  return await readState(file, LocalPlanSchema);
}

export async function writePlan(file: string, plan: LocalPlan): Promise<void> {
  await writePrivateJson(file, plan);
}

/** @throws StateFileError */
export async function readState<S extends z.ZodType>(file: string, schema: S): Promise<z.output<S> | undefined> {
  const text = await readIfThere(file);
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new StateFileError(`${file} is not what gridmill up wrote`, {
      cause,
      hint: "Start over with gridmill up --fresh, which deletes the local market's data",
    });
  }
}
