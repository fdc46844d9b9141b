import { readdirSync, readFileSync } from "node:fs";

import type { LocalPlan } from "../../cli/local/local-plan.ts";
import { OWNER_LABEL } from "../../worker/executor/sweep.ts";
import { ownerMark } from "../../worker/place.ts";

import { askEngine, labelled } from "./engine-api.ts";

/**
 * What is left on this machine of a market that lived in a folder: processes, loop devices, containers, volumes.
 * @param host the engine to ask, as in DOCKER_HOST; default: the one of this machine
 */
export async function tracesOf(folder: string, plan: LocalPlan, host?: string): Promise<readonly string[]> {
  return [...processesOf(folder), ...loopDevicesOf(folder), ...(await madeBy(plan, host))];
}

/** Processes that were told of the folder, by their command line or their environment. */
function processesOf(folder: string): readonly string[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && name !== `${process.pid}`);
  return pids.flatMap((pid) => {
    try {
      const told = ["cmdline", "environ"].map((file) => readFileSync(`/proc/${pid}/${file}`, "utf8")).join("\0");
      return told.includes(folder) ? [`process ${pid} ${told.slice(0, 80).replaceAll("\0", " ")}`] : [];
    } catch {
      return []; // it ended while we looked
    }
  });
}

function loopDevicesOf(folder: string): readonly string[] {
  return readdirSync("/sys/block").flatMap((name) => {
    try {
      const file = readFileSync(`/sys/block/${name}/loop/backing_file`, "utf8").trim();
      return file.includes(folder) ? [`${name} on ${file}`] : [];
    } catch {
      return []; // not a loop device, or not in use
    }
  });
}

/** Containers, running or not, and volumes that the market's workers have marked as theirs. */
async function madeBy({ services, accounts }: LocalPlan, host?: string): Promise<readonly string[]> {
  const owners = services.flatMap(({ name, env }) =>
    accounts[name] ? [ownerMark(accounts[name], env["GRIDMILL_DATA"]!)] : [],
  );
  const isOurs = ({ Labels }: Marked): boolean => owners.includes(Labels[OWNER_LABEL]!);
  const containers = (await askEngine(`/containers/json?all=1&${labelled(OWNER_LABEL)}`, host)) as (Marked & {
    Names: string[];
  })[];
  const { Volumes } = (await askEngine(`/volumes?${labelled(OWNER_LABEL)}`, host)) as {
    Volumes: (Marked & { Name: string })[] | null;
  };
  return [
    ...containers.filter(isOurs).map(({ Names }) => `container ${Names.join()}`),
    ...(Volumes ?? []).filter(isOurs).map(({ Name }) => `volume ${Name}`),
  ];
}

type Marked = { readonly Labels: Readonly<Record<string, string>> };
