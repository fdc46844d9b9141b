import { ensureDockerEngine } from "../../cli/parts/docker-engine.ts";
import type { Part } from "../../cli/parts/part.ts";

import { loadTestConfig } from "./config.ts";
import { askEngine, labelled } from "./engine-api.ts";
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
  const found = await askEngine(`/containers/json?all=1&${labelled(`${LABEL}=${process.pid}`)}`, (await engine).url);
  return (found as { Names: string[] }[]).map(({ Names }) => Names.join(","));
}
