import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { createCalls } from "../../chain/calls.ts";
import { MILL } from "../../protocol/amounts.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";

import type { LocalMarket, Ran } from "./local-market.ts";
import { rpc } from "./rpc.ts";
import { waitFor } from "./wait-for.ts";

/** Somebody who comes to a chain with a home, a passphrase and no more, by the name of a network that is not the local one. */
export type Newcomer = {
  readonly network: string;
  readonly env: Readonly<Record<string, string>>;
  /** Runs a command on that network, with that key. */
  run(account: string, ...args: readonly string[]): Promise<Ran>;
};

const ETHER = 10n ** 18n;

/** Describes the chain of a local market as another network, whose keys are people's own. */
export async function arriveAt(market: LocalMarket, network: string): Promise<Newcomer> {
  const file = join(market.home, "networks.json");
  const networks = JSON.parse(await readFile(file, "utf8")) as { local: Record<string, unknown> };
  const { keys: _keys, ...described } = networks.local;
  await writeFile(file, JSON.stringify({ ...networks, [network]: described }));
  const passphraseFile = join(market.home, `${network}.passphrase`);
  await writeFile(passphraseFile, "a passphrase of one's own\n", { mode: 0o600 });
  const env = { GRIDMILL_HOME: market.home, GRIDMILL_PASSPHRASE_FILE: passphraseFile };
  const run: Newcomer["run"] = (account, ...args) =>
    market.run(["--network", network, "--account", account, ...args], { env });
  return { network, env, run };
}

/** Sends money from the chain's own unlocked account: for gas, and MILL into the wallet. */
export async function fund({ chainUrl, deployment }: LocalMarket, to: Address, mill: bigint): Promise<void> {
  const [bank] = await rpc<readonly Address[]>(chainUrl, "eth_accounts");
  await rpc(chainUrl, "anvil_setBalance", [to, `0x${ETHER.toString(16)}`]);
  const { to: token, data } = createCalls(deployment).transfer(to, mill * MILL);
  const hash = await rpc<Hash>(chainUrl, "eth_sendTransaction", [{ from: bank, to: token, data }]);
  await waitFor("the funds to arrive", () => rpc<object | null>(chainUrl, "eth_getTransactionReceipt", [hash]));
}
