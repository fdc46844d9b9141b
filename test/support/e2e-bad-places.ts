import { copyFile, mkdir, symlink } from "node:fs/promises";
import { execFileSync } from "node:child_process";
import { join } from "node:path";

import { homePaths } from "../../cli/home.ts";
import { readLocalState } from "../../cli/local/local-state.ts";
import { localPaths } from "../../cli/local/paths.ts";
import { Wallet } from "ethers";

import { MISBEHAVE, NOBODY } from "./e2e-bad-market.ts";
import type { BadMarket } from "./e2e-bad-market.ts";
import { BY_COMMAND, command, run } from "./e2e-case.ts";
import type { Case } from "./e2e-case.ts";
import { endOf } from "./e2e-ended.ts";
import type { Ended } from "./e2e-ended.ts";
import { keyOf } from "./e2e-person.ts";
import { tempDir } from "./temp-dir.ts";

/** A service loads more than a command before it can say anything. */
const SERVICE = 10;

const missing = (name: string, exit: number, code: string, act: Case["act"], within = BY_COMMAND): Case => ({
  name,
  act,
  ends: { exit, code },
  within,
});

/** `gridmill ARGS` in a home where nothing ever ran, once `prepare` has been there. */
async function inNewHome(
  { local }: BadMarket,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  prepare: (home: string) => Promise<void> = async () => {},
): Promise<Ended> {
  await using home = await tempDir();
  await prepare(home.path);
  return await endOf(local, args, { GRIDMILL_HOME: home.path, ...env });
}

/** A pool or worker of this market, started by hand with the key of one of its accounts, or of nobody. */
async function service(market: BadMarket, args: readonly string[], account?: string, env = {}): Promise<Ended> {
  const key = account === undefined ? Wallet.createRandom() : await keyOf(market.local, account);
  return await inNewHome(
    market,
    ["--network", "elsewhere", ...args],
    { GRIDMILL_KEY: (key as Wallet).privateKey, ...env },
    (home) => copyFile(homePaths(market.local.home).networks, homePaths(home).networks),
  );
}

/** Where a part of the market listens. */
async function urlOf({ local }: BadMarket, name: string): Promise<string> {
  const state = await readLocalState(localPaths(homePaths(local.home).local).state);
  return state!.children.find((child) => child.name === name)!.url;
}

/** What is not there, or taken, when something starts. */
export const PLACES: readonly Case[] = [
  missing(
    "a chain that does not answer",
    4,
    "GM_CHAIN_UNREACHABLE",
    command(["--network", "without-chain", "app", "list"]),
  ),
  missing("a chain of another id", 3, "GM_WRONG_CHAIN", command(["--network", "of-another-chain", "app", "list"])),
  missing(
    "a market that does not answer",
    4,
    "GM_MARKET_UNREACHABLE",
    command(["--network", "without-market", "app", "list"]),
  ),
  missing("a pool that does not answer", 4, "GM_POOL_UNREACHABLE", (market) =>
    run(`${market.app}`, "--pool", `${market.deadPool}`)(market),
  ),
  missing("no Docker, for an app to be built", 4, "GM_ENGINE_UNREACHABLE", ({ local }) =>
    endOf(local, ["run", "--yes", MISBEHAVE, "--", "nothing"], { DOCKER_HOST: "unix:///nowhere.sock" }),
  ),
  missing("no market on this machine", 2, "GM_UNKNOWN_NETWORK", (market) => inNewHome(market, ["app", "list"])),
  missing("no market to resume a pool of", 4, "GM_NOT_UP", (market) => inNewHome(market, ["pool", "start"])),
  missing("a second up", 3, "GM_ALREADY_UP", command(["up"])),
  missing(
    "up, with its ports taken",
    4,
    "GM_PORT_TAKEN",
    (market) =>
      inNewHome(market, ["up"], {}, async (home) => {
        const [from, to] = [market.local.home, home].map((each) => localPaths(homePaths(each).local));
        await mkdir(to!.root, { recursive: true });
        await copyFile(from!.plan, to!.plan);
      }),
    SERVICE,
  ),
  missing(
    "up, without Docker",
    4,
    "GM_PART_FAILED",
    (market) => inNewHome(market, ["up", "--any-ports"], { DOCKER_HOST: NOBODY.replace("http", "tcp") }),
    15,
  ),
  missing(
    "up, without Redis",
    4,
    "GM_PART_MISSING",
    async (market) => {
      await using bin = await tempDir();
      // Where set-up found a Node that is new enough it brought none.
      await symlink(process.execPath, join(bin.path, "node"));
      for (const name of ["sh", "dirname", "readlink", "docker-registry"]) {
        await symlink(execFileSync("which", [name], { encoding: "utf8" }).trim(), join(bin.path, name));
      }
      return await inNewHome(market, ["up", "--any-ports"], { PATH: bin.path });
    },
    15,
  ),
  missing(
    "a pool without its Redis",
    4,
    "GM_STORE_UNREACHABLE",
    (market) => service(market, ["pool", "start", "--pool", "1", "--redis", "redis://127.0.0.1:9"], "pool-operator"),
    SERVICE,
  ),
  missing(
    "a pool by somebody else than its operator",
    3,
    "GM_NOT_OPERATOR",
    async (market) => service(market, ["pool", "start", "--pool", "1", "--redis", await urlOf(market, "redis")]),
    SERVICE,
  ),
  missing(
    "a worker without Docker",
    4,
    "GM_ENGINE_UNREACHABLE",
    (market) => service(market, ["worker", "start", "--pool", "1"], undefined, { DOCKER_HOST: "unix:///nowhere.sock" }),
    SERVICE,
  ),
  missing(
    "a worker on a port that is taken",
    4,
    "GM_PORT_TAKEN",
    async (market) => service(market, ["worker", "start", "--pool", "1", "--port", new URL(market.local.poolUrl).port]),
    SERVICE,
  ),
  missing(
    "a worker of a pool that nobody registered",
    3,
    "GM_WRONG_POOL",
    (market) => service(market, ["worker", "start", "--pool", "4711"]),
    SERVICE,
  ),
];
