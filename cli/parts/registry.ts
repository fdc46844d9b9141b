import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { startChild, waitReady } from "./child.ts";
import { assertPortFree, LOOPBACK } from "./free-port.ts";
import { partOf, type Part } from "./part.ts";

type RegistryOptions = {
  readonly port: number;
  /** Images, the generated configuration and the log lie here. */
  readonly dataDir: string;
};

/**
 * Starts an image registry on loopback, which Docker trusts without TLS.
 * @throws PortTakenError | PartMissingError | PartFailedError
 */
export async function startRegistry({ port, dataDir }: RegistryOptions): Promise<Part> {
  await assertPortFree(port, "the image registry");
  await mkdir(dataDir, { recursive: true });
  const configFile = join(dataDir, "config.yml");
  await writeFile(configFile, configText(port, join(dataDir, "images")));
  const child = await startChild({
    name: "the image registry",
    command: "docker-registry",
    args: ["serve", configFile],
    logFile: join(dataDir, "registry.log"),
  });
  const url = `http://${LOOPBACK}:${port}`;
  await waitReady(child, async () => (await fetch(`${url}/v2/`, { signal: AbortSignal.timeout(1_000) })).ok, 15_000);
  return partOf(child, url);
}

/** JSON is YAML, and quotes a path with spaces by itself. */
function configText(port: number, imagesDir: string): string {
  return JSON.stringify({
    version: 0.1,
    log: { level: "warn", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: imagesDir }, delete: { enabled: true } },
    http: { addr: `${LOOPBACK}:${port}` },
  });
}
