import { startAnvil, type AnvilOptions } from "../../cli/parts/anvil.ts";
import { freePort } from "../../cli/parts/free-port.ts";
import type { Part } from "../../cli/parts/part.ts";
import { startRedis } from "../../cli/parts/redis.ts";
import { startRegistry } from "../../cli/parts/registry.ts";

import { inSuite } from "./in-suite.ts";
import { startHardhatNode } from "./hardhat-node.ts";
import { startPostgres } from "./postgres.ts";
import { tempDir } from "./temp-dir.ts";
import { engineForTests } from "./test-docker.ts";

type Place = { readonly port: number; readonly dataDir: string };

/** Starts a part on a port and in a folder of its own; both go with it. */
async function inOwnPlace(start: (place: Place) => Promise<Part>): Promise<Part> {
  const dir = await tempDir();
  try {
    const part = await start({ port: await freePort(), dataDir: dir.path });
    const stop = async (): Promise<void> => {
      await part.stop();
      await dir[Symbol.asyncDispose]();
    };
    return { ...part, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await dir[Symbol.asyncDispose]();
    throw error;
  }
}

export const testRedis = (): Promise<Part> => inOwnPlace(startRedis);
export const testRegistry = (): Promise<Part> => inOwnPlace(startRegistry);
export const testPostgres = (): Promise<Part> => inOwnPlace(startPostgres);
export const testHardhatNode = (): Promise<Part> => inOwnPlace(startHardhatNode);
export const testAnvil = (options: Omit<AnvilOptions, keyof Place> = {}): Promise<Part> =>
  inOwnPlace((place) => startAnvil({ ...options, ...place }));

/** Called in a `describe` body, each gives its suite a part of its own. */
export const withRedis = (): (() => Part) => inSuite(testRedis);
export const withRegistry = (): (() => Part) => inSuite(testRegistry);
/** `hardhat node`, mining every second. */
export const withHardhatNode = (): (() => Part) => inSuite(testHardhatNode);
/** The engine of this machine; one that had to be started is shared by the whole run. */
export const withDocker = (): (() => Part) => inSuite(engineForTests);
