import { statusOf } from "../../worker/executor/engine.ts";

import { makeDebianImage } from "./debian-image.ts";
import { reasonOf, throwUnlessAnswer, type EngineCall } from "./engine.ts";
import { readEngineOutput } from "./engine-output.ts";
import { BaseImageError } from "./errors.ts";

/** What Dockerfiles of apps name as their base by default. */
export const PUBLIC_BASE = "debian:bookworm-slim";
/** What stands in for it on a machine that reaches Debian's packages but no public registry. */
export const OWN_BASE = "gridmill/base:bookworm";

/** A registry that cannot be reached must not cost minutes. */
const PULL_MS = 20_000;

/**
 * The image that apps are built on (`--build-arg BASE=`): Debian's, or our own stand-in where that cannot be had.
 * What is on this machine already is taken first, so that a second build starts from the same bytes.
 * @throws BaseImageError | EngineUnreachableError
 */
export async function ensureBaseImage(call: EngineCall): Promise<string> {
  for (const name of [OWN_BASE, PUBLIC_BASE]) if (await isPresent(call, name)) return name;
  if (await canPull(call)) return PUBLIC_BASE;
  call.onProgress?.(`${PUBLIC_BASE} cannot be pulled; ${OWN_BASE} is made from Debian's packages instead`);
  await makeDebianImage({ ...call, name: OWN_BASE });
  return OWN_BASE;
}

async function isPresent({ engine, signal }: EngineCall, name: string): Promise<boolean> {
  try {
    await engine.getImage(name).inspect();
    return true;
  } catch (error) {
    throwUnlessAnswer(error, signal);
    if (statusOf(error) === 404) return false;
    throw new BaseImageError(`Docker cannot say whether it has ${name}: ${reasonOf(error)}`, {
      cause: error,
      hint: "gridmill doctor says what is missing",
    });
  }
}

async function canPull({ engine, onProgress, signal }: EngineCall): Promise<boolean> {
  const patience = AbortSignal.timeout(PULL_MS);
  const either = signal ? AbortSignal.any([signal, patience]) : patience;
  try {
    const output = await engine.pull(PUBLIC_BASE, { abortSignal: either });
    return (await readEngineOutput(output, onProgress, either)).error === undefined;
  } catch (error) {
    signal?.throwIfAborted();
    if (!patience.aborted) throwUnlessAnswer(error, signal);
    return false;
  }
}
