/** A program for scripts: says on stdout which base image this machine has, and makes one where none can be had. */
import { loadConfig } from "../config.ts";
import { DEFAULT_DOCKER_HOST } from "../parts/docker-engine.ts";
import { reportError } from "../report-error.ts";

import { ensureBaseImage } from "./base-image.ts";
import { imageEngine } from "./engine.ts";

try {
  const engine = imageEngine(loadConfig().dockerHost ?? DEFAULT_DOCKER_HOST);
  console.log(await ensureBaseImage({ engine, onProgress: (line) => console.error(line) }));
} catch (error) {
  console.error(reportError(error).text);
  process.exitCode = 4;
}
