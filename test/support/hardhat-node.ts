import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { startChild, waitReady } from "../../cli/parts/child.ts";
import { assertPortFree, LOOPBACK } from "../../cli/parts/free-port.ts";
import { partOf, type Part } from "../../cli/parts/part.ts";

import { blockNumber } from "./rpc.ts";

/** Starts `hardhat node`, mining every second; it keeps no state. */
export async function startHardhatNode({ port, dataDir }: { port: number; dataDir: string }): Promise<Part> {
  await assertPortFree(port, "hardhat node");
  const hardhat = join(dirname(createRequire(import.meta.url).resolve("hardhat/package.json")), "dist/src/cli.js");
  const config = join(import.meta.dirname, "hardhat-node.config.ts");
  const child = await startChild({
    name: "hardhat node",
    command: process.execPath,
    args: [hardhat, "--config", config, "node", "--hostname", LOOPBACK, "--port", `${port}`],
    cwd: join(import.meta.dirname, "../.."),
    logFile: join(dataDir, "hardhat-node.log"),
  });
  const url = `http://${LOOPBACK}:${port}`;
  // A block that nobody asked for: it mines by itself.
  await waitReady(child, async () => (await blockNumber(url)) > 0, 60_000);
  return partOf(child, url);
}
