import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { request, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

import type { LocalPlan } from "../../cli/local/local-plan.ts";
import { DEFAULT_DOCKER_HOST, engineAddress } from "../../cli/parts/docker-engine.ts";
import { OWNER_LABEL } from "../../worker/executor/sweep.ts";
import { ownerMark } from "../../worker/place.ts";

/** What is left on this machine of a market that lived in a folder: processes, loop devices, containers, volumes. */
export async function tracesOf(folder: string, plan: LocalPlan): Promise<readonly string[]> {
  return [...processesOf(folder), ...loopDevicesOf(folder), ...(await madeBy(plan))];
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
async function madeBy({ services, accounts }: LocalPlan): Promise<readonly string[]> {
  const owners = services.flatMap(({ name, env }) =>
    accounts[name] ? [ownerMark(accounts[name], env["GRIDMILL_DATA"]!)] : [],
  );
  const filters = encodeURIComponent(JSON.stringify({ label: [OWNER_LABEL] }));
  const isOurs = ({ Labels }: Marked): boolean => owners.includes(Labels[OWNER_LABEL]!);
  const containers = (await ask(`/containers/json?all=1&filters=${filters}`)) as (Marked & { Names: string[] })[];
  const { Volumes } = (await ask(`/volumes?filters=${filters}`)) as { Volumes: (Marked & { Name: string })[] | null };
  return [
    ...containers.filter(isOurs).map(({ Names }) => `container ${Names.join()}`),
    ...(Volumes ?? []).filter(isOurs).map(({ Name }) => `volume ${Name}`),
  ];
}

type Marked = { readonly Labels: Readonly<Record<string, string>> };

async function ask(path: string): Promise<unknown> {
  const get = request({ ...engineAddress(DEFAULT_DOCKER_HOST), path });
  get.end();
  const [response] = (await once(get, "response")) as [IncomingMessage];
  return JSON.parse(await text(response)) as unknown;
}
