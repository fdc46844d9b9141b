import { execFile } from "node:child_process";
import { statfs } from "node:fs/promises";
import { promisify } from "node:util";

import { formatEther } from "ethers";

import { formatMill } from "../protocol/amounts.ts";
import type { Grid } from "../sdk/grid.ts";

import { connectToRead } from "./connect.ts";
import type { Context } from "./context.ts";
import { privateFolder } from "./home.ts";
import { healthOf } from "./local/health.ts";
import { readLocalState } from "./local/local-state.ts";
import { localPaths } from "./local/paths.ts";
import { isAlive } from "../chain/node/process-id.ts";
import { resumeCommand } from "./local/resume.ts";
import { findNetwork, LOCAL_NETWORK } from "./networks.ts";
import { anvilBinary } from "./parts/anvil.ts";
import { DEFAULT_DOCKER_HOST, dockerAnswers } from "./parts/docker-engine.ts";
import { signingAddress } from "./signer.ts";

/** `bad`: nothing works without it; `warn`: something does not. */
export type Finding = {
  readonly what: string;
  readonly state: "ok" | "warn" | "bad";
  readonly found: string;
  /** One line; absent when there is nothing to do. */
  readonly mend?: string;
};

const SETUP = "sh scripts/setup.sh";
const LEAST_FREE_GIB = 4;

/** Looks at this machine, then at the network, and at the processes of a local one. Changes nothing but for making the home folder. */
export async function examine(context: Context): Promise<readonly Finding[]> {
  const machine = await Promise.all([
    program("Redis", "redis-server", ["--version"]),
    program("image registry", "docker-registry", ["--version"]),
    docker(context),
    disk(context),
  ]);
  return [node(), anvil(), ...machine, ...(await network(context)), ...(await processes(context))];
}

function node(): Finding {
  const found = process.version;
  const [major] = found.slice(1).split(".");
  return Number(major) >= 24
    ? { what: "Node", state: "ok", found }
    : { what: "Node", state: "bad", found, mend: SETUP };
}

async function program(what: string, command: string, args: readonly string[]): Promise<Finding> {
  try {
    const { stdout } = await promisify(execFile)(command, [...args], { timeout: 5_000 });
    return { what, state: "ok", found: stdout.trim().split("\n")[0]!.slice(0, 60) };
  } catch {
    return { what, state: "warn", found: `no ${command}: gridmill up needs it`, mend: SETUP };
  }
}

async function docker({ config }: Context): Promise<Finding> {
  const host = config.dockerHost ?? DEFAULT_DOCKER_HOST;
  if (await dockerAnswers(host)) return { what: "Docker", state: "ok", found: host };
  const mend = "sudo systemctl start docker; as root, gridmill up starts one itself";
  return { what: "Docker", state: "warn", found: `no answer at ${host}`, mend };
}

function anvil(): Finding {
  try {
    return { what: "local chain", state: "ok", found: anvilBinary() };
  } catch (error) {
    return { what: "local chain", state: "warn", found: (error as Error).message, mend: SETUP };
  }
}

async function disk({ home }: Context): Promise<Finding> {
  const { bavail, bsize } = await statfs(await privateFolder(home.root));
  const gib = Math.floor((bavail * bsize) / 1024 ** 3);
  const found = `${gib} GiB free in ${home.root}`;
  if (gib >= LEAST_FREE_GIB) return { what: "disk", state: "ok", found };
  return { what: "disk", state: "warn", found, mend: "Free some, or set GRIDMILL_HOME to a larger disk" };
}

async function network(context: Context): Promise<readonly Finding[]> {
  const { networkName, home } = context;
  try {
    const described = await findNetwork(home.networks, networkName);
    await using grid = await connectToRead(context);
    return [
      { what: "chain", state: "ok", found: `chain ${described.chainId} at ${described.rpcUrls.join(", ")}` },
      await market(grid),
      await account(grid, await signingAddress(context)),
    ];
  } catch (error) {
    const mend = (error as { hint?: string }).hint ?? "gridmill up";
    return [{ what: `network ${networkName}`, state: "bad", found: (error as Error).message, mend }];
  }
}

async function market(grid: Grid): Promise<Finding> {
  const url = grid.network.marketUrl;
  try {
    const { block } = await grid.market.info();
    return { what: "market", state: "ok", found: `${url}, at block ${block}` };
  } catch (error) {
    return { what: "market", state: "bad", found: (error as Error).message, mend: `Check ${url}; gridmill status` };
  }
}

async function account(grid: Grid, address: `0x${string}` | undefined): Promise<Finding> {
  if (!address) return { what: "key", state: "warn", found: "none", mend: "gridmill account create" };
  const { native, available, wallet } = await grid.accounts.show(address);
  const found = `${address}: ${formatEther(native)} for gas, ${formatMill(available)} MILL in the escrow`;
  if (native === 0n) return { what: "key", state: "warn", found, mend: "Send it some of the chain's own currency" };
  if (available > 0n) return { what: "key", state: "ok", found };
  const mend = wallet > 0n ? "gridmill account deposit <amount>" : "Get MILL, then gridmill account deposit";
  return { what: "key", state: "warn", found, mend };
}

/** What `gridmill up` has started and is not well now; a killed process is started again by hand. */
async function processes({ networkName, home }: Context): Promise<readonly Finding[]> {
  const state = networkName === LOCAL_NETWORK ? await readLocalState(localPaths(home.local).state) : undefined;
  if (!state || !(await isAlive(state.up))) return [];
  const ill = (await healthOf(state)).filter(({ health }) => health !== "up");
  return ill.map(({ name, health, logFile }) => ({
    what: name,
    state: "bad",
    found: health === "gone" ? "its process is gone" : "its process does not answer",
    mend: `${resumeCommand(name)}; its log: ${logFile}`,
  }));
}
