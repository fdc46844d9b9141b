import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

import type Docker from "dockerode";

import { imageEngine } from "../../cli/images/engine.ts";
import { DEFAULT_DOCKER_HOST } from "../../cli/parts/docker-engine.ts";
import { freePort } from "../../cli/parts/free-port.ts";

import { envFor, loadTestConfig } from "./config.ts";
import { REPOSITORY } from "./local-market.ts";
import { tempDir } from "./temp-dir.ts";
import { waitFor } from "./wait-for.ts";

const MINUTES_MS = 180_000;

/** A container of the project, as far as tests ask. */
export type ServiceState = {
  readonly service: string;
  readonly status: string;
  /** Undefined when nobody checks it. */
  readonly health: string | undefined;
  readonly exitCode: number;
};

/** docker-compose.yml brought up under a name and on ports of its own. Disposing removes all of it, or fails. */
export interface Compose extends AsyncDisposable {
  readonly marketUrl: string;
  readonly poolUrl: string;
  /** Runs `docker-compose ARGS`; what it said on stdout. */
  compose(...args: readonly string[]): Promise<string>;
  /** Runs `gridmill ARGS --json` in the project. */
  command(...args: readonly string[]): Promise<unknown>;
  /** Runs the commands that docs/deploy.md shows under a heading, in a folder of the project's own. */
  asDocumented(heading: string): Promise<void>;
  services(): Promise<readonly ServiceState[]>;
  /** Every service runs, and is healthy where that is checked; those that work once have. */
  allWell(): Promise<void>;
  /** Names of the project's containers, volumes and networks. */
  leavings(): Promise<readonly string[]>;
}

/** Describes the project; starts nothing. */
export async function composeProject(): Promise<Compose> {
  const dir = await tempDir();
  const name = `gridmill-test-${process.pid}`;
  const [chain, market, pool, registry] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
  const env = envFor({
    COMPOSE_FILE: join(REPOSITORY, "docker-compose.yml"),
    COMPOSE_PROJECT_NAME: name,
    GRIDMILL_CHAIN_PORT: `${chain}`,
    GRIDMILL_MARKET_PORT: `${market}`,
    GRIDMILL_POOL_PORT: `${pool}`,
    GRIDMILL_REGISTRY_PORT: `${registry}`,
    GRIDMILL_EPOCH_SECONDS: "1",
  });
  const run = async (program: string, ...args: readonly string[]): Promise<string> =>
    (await promisify(execFile)(program, args, { env, cwd: dir.path, timeout: MINUTES_MS, maxBuffer: 1 << 26 })).stdout;
  const compose: Compose["compose"] = (...args) => run("docker-compose", ...args);
  const docker = imageEngine(loadTestConfig().dockerHost ?? DEFAULT_DOCKER_HOST);
  const filters = { label: [`com.docker.compose.project=${name}`] };
  const services = async (): Promise<readonly ServiceState[]> => {
    const found = await docker.listContainers({ all: true, filters });
    return Promise.all(found.map(({ Id }) => stateOf(docker, Id)));
  };
  const leavings = async (): Promise<readonly string[]> => [
    ...(await docker.listContainers({ all: true, filters })).flatMap(({ Names }) => Names),
    ...((await docker.listVolumes({ filters })).Volumes ?? []).map(({ Name }) => Name),
    ...(await docker.listNetworks({ filters })).map(({ Name }) => Name),
  ];
  return {
    marketUrl: `http://127.0.0.1:${market}`,
    poolUrl: `http://127.0.0.1:${pool}`,
    compose,
    command: async (...args) => {
      const said = await compose("run", "--rm", "-T", "gridmill", "--json", ...args);
      return JSON.parse(said.trim().split("\n").at(-1)!) as unknown;
    },
    asDocumented: async (heading) => void (await run("sh", "-euc", commandsUnder(heading))),
    services,
    allWell: async () => {
      const well = async (): Promise<boolean> => (await services()).every(isWell);
      await waitFor("every service to be well", well, { timeoutMs: 60_000 });
    },
    leavings,
    async [Symbol.asyncDispose]() {
      await compose("down", "--volumes", "--remove-orphans", "--timeout", "5");
      await dir[Symbol.asyncDispose]();
      const left = await leavings();
      if (left.length > 0) throw new Error(`docker-compose down has left ${left.join(", ")}`);
    },
  };
}

async function stateOf(docker: Docker, id: string): Promise<ServiceState> {
  const { Config, State } = await docker.getContainer(id).inspect();
  const service = Config.Labels["com.docker.compose.service"] ?? "";
  return { service, status: State.Status, health: State.Health?.Status, exitCode: State.ExitCode };
}

function isWell({ status, health, exitCode }: ServiceState): boolean {
  return status === "running" ? (health ?? "healthy") === "healthy" : status === "exited" && exitCode === 0;
}

/** The shell blocks between a heading and the next. */
function commandsUnder(heading: string): string {
  const text = readFileSync(join(REPOSITORY, "docs/deploy.md"), "utf8");
  const section = text.split(`\n${heading}\n`)[1]?.split(/\n#+ /)[0] ?? "";
  const blocks = [...section.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block!);
  if (blocks.length === 0) throw new Error(`docs/deploy.md shows no commands under "${heading}"`);
  return blocks.join("");
}
