import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

import { startChild, waitReady } from "./child.ts";
import { PartMissingError } from "./errors.ts";
import { assertPortFree, LOOPBACK } from "./free-port.ts";
import { partOf, type Part } from "./part.ts";

/** The chain id of every local network: the one that tools treat as nobody's money. */
export const LOCAL_CHAIN_ID = 31_337;

export type AnvilOptions = {
  readonly port: number;
  /** The state file and the log lie here; a later start goes on from the saved state. */
  readonly dataDir: string;
  /** Seconds between two blocks. Default 1. */
  readonly blockTime?: number;
  /** How many unlocked accounts with 10,000 ether there are. Default 20. */
  readonly accounts?: number;
};

/**
 * Starts a local chain that mines at a steady pace and keeps its state.
 * @throws PortTakenError | PartMissingError | PartFailedError
 */
export async function startAnvil(options: AnvilOptions): Promise<Part> {
  const { port, dataDir } = options;
  await assertPortFree(port, "the local chain");
  await mkdir(dataDir, { recursive: true });
  const child = await startChild({
    name: "the local chain (Anvil)",
    command: anvilBinary(),
    args: flagsOf(options),
    logFile: join(dataDir, "anvil.log"),
  });
  const url = `http://${LOOPBACK}:${port}`;
  await waitReady(child, () => servesOurChain(url), 15_000);
  return partOf(child, url);
}

function flagsOf({ port, dataDir, blockTime = 1, accounts = 20 }: AnvilOptions): string[] {
  return [
    ...["--host", LOOPBACK, "--port", `${port}`, "--chain-id", `${LOCAL_CHAIN_ID}`, "--accounts", `${accounts}`],
    ...["--block-time", `${blockTime}`, "--hardfork", "osaka", "--enable-tx-gas-limit", "--quiet"],
    ...["--state", join(dataDir, "anvil-state.json"), "--state-interval", "1"],
  ];
}

/**
 * Path of the platform package's binary: the wrapper script of the main package leaves it running when it is killed.
 * @throws PartMissingError
 */
export function anvilBinary(): string {
  const arch = process.arch === "x64" ? "amd64" : process.arch;
  const name = `@foundry-rs/anvil-${process.platform}-${arch}`;
  try {
    return createRequire(import.meta.url).resolve(`${name}/bin/anvil`);
  } catch (error) {
    throw new PartMissingError(`Anvil is not installed: no package ${name}`, {
      cause: error,
      details: { package: name },
      hint: "run npm ci with optional packages, on a platform that Anvil is built for",
    });
  }
}

async function servesOurChain(url: string): Promise<boolean> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] }),
    signal: AbortSignal.timeout(1_000),
  });
  const { result } = (await response.json()) as { result?: string };
  return Number(result) === LOCAL_CHAIN_ID;
}
