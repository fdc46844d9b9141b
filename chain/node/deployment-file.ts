import { readFile } from "node:fs/promises";

import { z } from "zod";

import { DeploymentSchema } from "../../protocol/deployment.ts";
import type { Deployment } from "../../protocol/deployment.ts";
import { BadConfigError } from "../../protocol/errors.ts";

/**
 * Reads where the contracts live, from the file that `GRIDMILL_DEPLOYMENT` names.
 * @throws BadConfigError
 */
export async function readDeployment(file: string): Promise<Deployment> {
  try {
    return DeploymentSchema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new BadConfigError(`${file} does not say where the contracts are: ${why}`, {
      cause,
      details: { problems: [`GRIDMILL_DEPLOYMENT: ${file}`] },
      hint: "GRIDMILL_DEPLOYMENT names a JSON file with chainId, block and contracts; gridmill up writes one",
    });
  }
}
