import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

import { engineAddress, ensureDockerEngine } from "../../cli/parts/docker-engine.ts";
import type { Part } from "../../cli/parts/part.ts";

import { loadTestConfig } from "./config.ts";
import { tempDir } from "./temp-dir.ts";

const LABEL = "gridmill.test";

/** Every container, volume and network that a test makes carries it, so that this run finds its own. */
export const TEST_LABELS: Readonly<Record<string, string>> = Object.freeze({ [LABEL]: `${process.pid}` });

let engine: Promise<Part> | undefined;

/** The engine for this run: found, or started once and stopped at the end of the run. */
export async function engineForTests(): Promise<Part> {
  engine ??= ensureEngine();
  const leaveRunning = async (): Promise<void> => {};
  return { ...(await engine), stop: leaveRunning, [Symbol.asyncDispose]: leaveRunning };
}

/** For the end of the run. */
export async function stopEngineForTests(): Promise<void> {
  await (await engine)?.stop();
}

async function ensureEngine(): Promise<Part> {
  const dir = await tempDir();
  const part = await ensureDockerEngine({ host: loadTestConfig().dockerHost, logDir: dir.path });
  return { ...part, stop: () => part.stop().finally(() => dir[Symbol.asyncDispose]()) };
}

/** Names of the containers of this run, running or not; none when no test has asked for Docker. */
export async function containersOfThisRun(): Promise<readonly string[]> {
  if (engine === undefined) return [];
  const filters = JSON.stringify({ label: [`${LABEL}=${process.pid}`] });
  const found = await getJson((await engine).url, `/containers/json?all=1&filters=${encodeURIComponent(filters)}`);
  return (found as { Names: string[] }[]).map(({ Names }) => Names.join(","));
}

async function getJson(host: string, path: string): Promise<unknown> {
  const get = request({ ...engineAddress(host), path });
  get.end();
  const [response] = (await once(get, "response")) as [IncomingMessage];
  return JSON.parse(await text(response)) as unknown;
}
