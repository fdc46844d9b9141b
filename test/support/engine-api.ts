import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

import { DEFAULT_DOCKER_HOST, engineAddress } from "../../cli/parts/docker-engine.ts";

/** What the engine at `host` answers to a GET. */
export async function askEngine(path: string, host: string = DEFAULT_DOCKER_HOST): Promise<unknown> {
  const get = request({ ...engineAddress(host), path });
  get.end();
  const [response] = (await once(get, "response")) as [IncomingMessage];
  return JSON.parse(await text(response)) as unknown;
}

/** The part of a path that asks for things with these labels: `KEY` or `KEY=VALUE`. */
export const labelled = (...labels: readonly string[]): string =>
  `filters=${encodeURIComponent(JSON.stringify({ label: labels }))}`;
