import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { homePaths } from "../../cli/home.ts";
import { localPaths } from "../../cli/local/paths.ts";

import { MISBEHAVE } from "./e2e-bad-market.ts";
import type { BadMarket } from "./e2e-bad-market.ts";
import { BY_COMMAND, command, run } from "./e2e-case.ts";
import type { Case } from "./e2e-case.ts";
import { endOf } from "./e2e-ended.ts";
import type { Ended } from "./e2e-ended.ts";
import { rpc } from "./rpc.ts";

/** A command about oneself, refused for the key it was to sign with, or for want of money. */
const refused = (name: string, exit: number, code: string, act: Case["act"]): Case => ({
  name,
  act,
  ends: { exit, code },
  within: BY_COMMAND,
});

/** Puts a file among a person's own keys, and signs with it. */
async function withKey({ local }: BadMarket, name: string, passphrase: string): Promise<Ended> {
  const file = join(local.home, `${name}.passphrase`);
  await writeFile(file, `${passphrase}\n`);
  return await endOf(local, ["--account", name, "--network", "elsewhere", "account", "deposit", "1", "--yes"], {
    GRIDMILL_PASSPHRASE_FILE: file,
  });
}

async function keyFolder({ local }: BadMarket): Promise<string> {
  const folder = homePaths(local.home).keys;
  await mkdir(folder, { recursive: true });
  return folder;
}

/** Keys that do not open, or are none. */
export const KEYS: readonly Case[] = [
  refused("a key with another passphrase", 2, "GM_WRONG_PASSPHRASE", async (market) => {
    const paths = localPaths(homePaths(market.local.home).local);
    await copyFile(join(paths.keys, "requester.json"), join(await keyFolder(market), "mine.json"));
    return await withKey(market, "mine", "not the passphrase");
  }),
  refused("a key file that is none", 2, "GM_BAD_INPUT", async (market) => {
    await writeFile(join(await keyFolder(market), "broken.json"), "not a keystore");
    return await withKey(market, "broken", "whatever it is");
  }),
  refused("a key that does not exist", 2, "GM_NO_KEY", command(["--account", "nobody", "account", "deposit", "1"])),
  refused(
    "a private key that is too short",
    2,
    "GM_BAD_CONFIG",
    command(["account", "show"], { GRIDMILL_KEY: "0x1234" }),
  ),
  refused(
    "a passphrase file that is not there",
    2,
    "GM_BAD_CONFIG",
    command(["account", "create", "new"], { GRIDMILL_PASSPHRASE_FILE: "/no/such/file" }),
  ),
  refused("a network that nobody described", 2, "GM_UNKNOWN_NETWORK", command(["--network", "mars", "app", "list"])),
];

/** What is not there cannot be moved. */
export const FUNDS: readonly Case[] = [
  refused(
    "a deposit of more than the wallet has",
    3,
    "GM_NO_FUNDS",
    command(["account", "deposit", "9999999999", "--yes"]),
  ),
  refused(
    "a withdrawal of more than is free",
    3,
    "GM_NO_FUNDS",
    command(["account", "withdraw", "999999999", "--yes"]),
  ),
  refused("a bond of more than is free", 3, "GM_NO_FUNDS", command(["account", "bond", "999999999", "--yes"])),
  refused("spending without anybody to ask", 3, "GM_NOT_CONFIRMED", command(["account", "withdraw", "1"])),
  refused("a requester without gas money", 3, "GM_NO_GAS_MONEY", async (market) => {
    const { local, poolOwner } = market;
    const before = await rpc<string>(local.chainUrl, "eth_getBalance", [poolOwner.address, "latest"]);
    await rpc(local.chainUrl, "anvil_setBalance", [poolOwner.address, "0x0"]);
    const ended = await run(`${market.app}`, "--account", "pool-owner")(market);
    await rpc(local.chainUrl, "anvil_setBalance", [poolOwner.address, before]);
    return ended;
  }),
  refused("an app published without gas money", 3, "GM_NO_GAS_MONEY", ({ local }) =>
    endOf(local, ["app", "publish", MISBEHAVE, "--yes"], { GRIDMILL_KEY: `0x${"5a".repeat(32)}` }),
  ),
];
