import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";

import { JsonRpcProvider } from "ethers";
import type { JsonRpcSigner, TransactionReceipt } from "ethers";

import { createCalls } from "../../chain/calls.ts";
import type { Call } from "../../chain/intent.ts";
import { StateFileError } from "../../chain/errors.ts";
import { MILL } from "../../protocol/amounts.ts";
import { DeploymentSchema } from "../../protocol/deployment.ts";
import type { Deployment } from "../../protocol/deployment.ts";
import type { Address } from "../../protocol/primitives.ts";
import { deployContracts } from "../../scripts/deploy.ts";

import { privateFolder, readIfThere, writePrivate, writePrivateJson } from "../home.ts";
import { createKey, keyAddress } from "../keystore.ts";

import type { LocalPaths } from "./paths.ts";

/** What an account of the local market gets, in wei; the rest of the supply stays with the chain's first account. */
type Grant = { readonly wallet: bigint; readonly escrow: bigint };

const ETHER = 10n ** 18n;
const GAS_MONEY = 100n * ETHER;

/** A requester has money to play with, a pool owner stakes on many tasks, a worker bonds what it gets. */
function grantOf(name: string): Grant {
  if (name === "requester") return { wallet: 100_000n * MILL, escrow: 100_000n * MILL };
  if (name === "pool-owner") return { wallet: 0n, escrow: 1_000_000n * MILL };
  if (name === "pool-operator") return { wallet: 0n, escrow: 0n };
  return { wallet: 0n, escrow: BOND };
}

/** What every worker of the local market bonds, in wei. */
export const BOND = 10_000n * MILL;

/** Names of all accounts of a market with these workers. */
export function accountNames(workers: readonly string[]): readonly string[] {
  return ["requester", "pool-owner", "pool-operator", ...workers];
}

/** Makes the keys that are missing, all under one random passphrase that lies beside them. */
export async function ensureKeys(paths: LocalPaths, names: readonly string[]): Promise<Record<string, Address>> {
  await privateFolder(paths.keys);
  if ((await readIfThere(paths.passphrase)) === undefined) {
    await writePrivate(paths.passphrase, `${randomBytes(32).toString("hex")}\n`);
  }
  const passphrase = (await readFile(paths.passphrase, "utf8")).trim();
  const known = async (name: string): Promise<Address> =>
    (await keyAddress(paths.keys, name)) ??
    (await createKey({ folder: paths.keys, name, passphrase, randomPassphrase: true }));
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await known(name)] as const)));
}

/**
 * The contracts of the local chain: those of an earlier `up`, or freshly deployed, with every account funded.
 * @throws StateFileError when the chain has lost what the deployment says
 */
export async function ensureGenesis(
  rpcUrl: string,
  paths: LocalPaths,
  accounts: Readonly<Record<string, Address>>,
): Promise<Deployment> {
  const provider = new JsonRpcProvider(rpcUrl, undefined, { staticNetwork: true, pollingInterval: 100 });
  try {
    const known = await readIfThere(paths.deployment);
    if (known !== undefined) return await checkDeployed(provider, DeploymentSchema.parse(JSON.parse(known)), paths);
    const bank = await provider.getSigner(0);
    const deployment = await deployContracts(bank, bank.address);
    await fund(bank, deployment, accounts);
    await writePrivateJson(paths.deployment, deployment);
    return deployment;
  } finally {
    provider.destroy();
  }
}

async function checkDeployed(
  provider: JsonRpcProvider,
  deployment: Deployment,
  { root }: LocalPaths,
): Promise<Deployment> {
  if ((await provider.getCode(deployment.contracts.hub)) !== "0x") return deployment;
  throw new StateFileError(`The local chain has lost its contracts: ${root} is damaged`, {
    hint: "Start over with gridmill up --fresh, which deletes the local market's data",
  });
}

/** The chain's own unlocked account sends everything at once; one block later everybody is rich. */
async function fund(
  bank: JsonRpcSigner,
  deployment: Deployment,
  accounts: Readonly<Record<string, Address>>,
): Promise<void> {
  const calls = createCalls(deployment);
  const grants = Object.entries(accounts).map(([name, address]) => ({ address, ...grantOf(name) }));
  const deposited = grants.reduce((sum, { escrow }) => sum + escrow, 0n);
  const plan: (Call | { to: Address; value: bigint })[] = [calls.allowDeposit(deposited)];
  for (const { address, wallet, escrow } of grants) {
    plan.push({ to: address, value: GAS_MONEY });
    if (wallet > 0n) plan.push(calls.transfer(address, wallet));
    if (escrow > 0n) plan.push(calls.depositFor(address, escrow));
  }
  await sendAll(bank, plan);
}

/** Gas is given, not estimated: a deposit would be judged before the allowance in front of it is mined. */
const FUNDING_GAS = 200_000n;

async function sendAll(bank: JsonRpcSigner, plan: readonly (Call | { to: Address; value: bigint })[]): Promise<void> {
  let nonce = await bank.getNonce("pending");
  const hashes: string[] = [];
  for (const { to, value, ...call } of plan) {
    const data = "data" in call ? { data: call.data } : {};
    hashes.push(
      await bank.sendUncheckedTransaction({
        to: to ?? null,
        ...data,
        ...(value && { value }),
        gasLimit: FUNDING_GAS,
        nonce: nonce++,
      }),
    );
  }
  const receipts = await Promise.all(hashes.map((hash) => bank.provider.waitForTransaction(hash, 1, 30_000)));
  const failed = receipts.find((receipt: TransactionReceipt | null) => receipt?.status !== 1);
  if (failed !== undefined) throw new Error(`The funding transaction ${failed?.hash ?? "?"} failed`);
}
