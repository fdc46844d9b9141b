import { once } from "node:events";
import { request, type IncomingMessage, type RequestOptions } from "node:http";
import { join } from "node:path";

import { startChild, waitReady, type Child } from "./child.ts";
import { PartFailedError, PartMissingError } from "./errors.ts";
import { partOf, type Part } from "./part.ts";

export const DEFAULT_DOCKER_HOST = "unix:///var/run/docker.sock";

type DockerEngineOptions = {
  /** `unix://` or `tcp://`, as in DOCKER_HOST. Default {@link DEFAULT_DOCKER_HOST}. */
  readonly host?: string | undefined;
  /** Gets the log of an engine that is started here. */
  readonly logDir: string;
  /**
   * How `dockerd` is called. Default `["dockerd"]`. A second engine on one machine needs data and exec root of its own, and
   * a network namespace: it would take the first one's bridge away, even when told to have none.
   */
  readonly daemon?: readonly [command: string, ...args: string[]];
};

/**
 * Uses the engine that answers at `host`, else starts one: two engines on one machine fight over their bridge.
 * @throws PartMissingError | PartFailedError
 */
export async function ensureDockerEngine(options: DockerEngineOptions): Promise<Part> {
  const { host = DEFAULT_DOCKER_HOST } = options;
  if (await dockerAnswers(host)) return foundRunning(host);
  assertMayStart(host);
  const [command, ...args] = options.daemon ?? ["dockerd"];
  const child = await startChild({
    name: "Docker",
    command,
    args: [...args, "--host", host],
    logFile: join(options.logDir, "dockerd.log"),
    stopMs: 30_000,
    outlivesUs: true,
  });
  return await whenReady(child, host);
}

async function whenReady(child: Child, host: string): Promise<Part> {
  try {
    await waitReady(child, () => dockerAnswers(host), 60_000);
    return partOf(child, host);
  } catch (error) {
    // Somebody else may have started one in the same second: then ours has ended and theirs answers.
    if (await dockerAnswers(host)) return foundRunning(host);
    throw error;
  }
}

function foundRunning(url: string): Part {
  const stop = async (): Promise<void> => {};
  return { name: "Docker", url, pid: undefined, stop, [Symbol.asyncDispose]: stop };
}

function assertMayStart(host: string): void {
  if (!host.startsWith("unix://")) {
    throw new PartFailedError(`Docker does not answer at ${host}: an engine elsewhere cannot be started from here`, {
      details: { host },
      hint: "start it there, or unset DOCKER_HOST to use an engine on this machine",
    });
  }
  if (process.getuid?.() === 0) return;
  throw new PartMissingError(`Docker does not answer at ${host}, and only root may start it`, {
    details: { host },
    hint: "start it (sudo systemctl start docker), and let your user reach it (sudo usermod -aG docker $USER)",
  });
}

/** Whether an engine answers at `host`, within two seconds. */
export async function dockerAnswers(host: string = DEFAULT_DOCKER_HOST): Promise<boolean> {
  try {
    const ping = request({ ...engineAddress(host), path: "/_ping", timeout: 2_000 });
    ping.on("timeout", () => ping.destroy(new Error("no answer")));
    ping.end();
    const [response] = (await once(ping, "response")) as [IncomingMessage];
    response.resume();
    return response.statusCode === 200;
  } catch {
    return false;
  }
}

/** Where `node:http` finds the engine of a DOCKER_HOST. */
export function engineAddress(host: string): Pick<RequestOptions, "socketPath" | "host" | "port"> {
  if (host.startsWith("unix://")) return { socketPath: host.slice("unix://".length) };
  const { hostname, port } = new URL(host);
  return { host: hostname, port };
}
