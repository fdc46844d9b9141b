import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { RUN_SETUP } from "../parts/errors.ts";

import { reasonOf, throwUnlessAnswer, type EngineCall } from "./engine.ts";
import { readEngineOutput, type EngineReport } from "./engine-output.ts";
import { BaseImageError } from "./errors.ts";

const SUITE = "bookworm";
const TAIL_LINES = 20;
const PULL_YOURSELF = "Pull debian:bookworm-slim yourself: then none has to be made";

/** Not in Debian's own slim images either. */
const NEEDLESS = ["groff", "info", "linda", "lintian", "locale", "man"];
/** So that packages installed later leave it out, too. */
const SLIM_RULES = [...NEEDLESS, "doc"]
  .map((folder) => `path-exclude /usr/share/${folder}/*\n`)
  .concat("path-include /usr/share/doc/*/copyright\n")
  .join("");
/** Where apt reads its sources in the new folder. */
const SOURCES = "etc/apt/sources.list";

export type DebianImageOptions = EngineCall & {
  /** What the image is to be called on this machine, with a tag. */
  readonly name: string;
};

/**
 * Makes a slim Debian image from packages alone: debootstrap into a folder, less what no program reads, and imports it.
 * Takes half a minute and wants root.
 * @throws BaseImageError | EngineUnreachableError
 */
export async function makeDebianImage(options: DebianImageOptions): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), "gridmill-base-"));
  try {
    await run("debootstrap", ["--variant=minbase", SUITE, dir], options);
    await slimDown(dir, options);
    await addSecurity(join(dir, SOURCES));
    await importFolder(dir, options);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function slimDown(dir: string, call: EngineCall): Promise<void> {
  await writeFile(join(dir, "etc/dpkg/dpkg.cfg.d/docker"), SLIM_RULES);
  const docs = join(dir, "usr/share/doc");
  // Licences stay.
  await run("find", [docs, "-not", "-type", "d", "-not", "-name", "copyright", "-delete"], call);
  const emptied = [...NEEDLESS.map((folder) => `usr/share/${folder}`), "var/cache/apt/archives", "var/lib/apt/lists"];
  for (const folder of emptied) await rm(join(dir, folder), { recursive: true, force: true });
}

/** Security updates lie beside the packages of whichever mirror debootstrap has chosen. */
async function addSecurity(sources: string): Promise<void> {
  const mirror = /^deb (\S+?)\/? /m.exec(await readFile(sources, "utf8"))?.[1];
  if (mirror === undefined)
    throw new BaseImageError(`debootstrap has named no mirror in ${SOURCES}`, { hint: PULL_YOURSELF });
  await appendFile(sources, `deb ${mirror}-security ${SUITE}-security main\n`);
}

/** Runs a program to its end. @throws BaseImageError with the last lines of what it said. */
async function run(command: string, args: readonly string[], { onProgress, signal }: EngineCall): Promise<void> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...(signal && { signal }) });
  const tail: string[] = [];
  const hear = (line: string): void => {
    tail.push(line);
    if (tail.length > TAIL_LINES) tail.shift();
    onProgress?.(line);
  };
  for (const output of [child.stdout, child.stderr]) createInterface({ input: output }).on("line", hear);
  await ended(child, command, tail, signal);
}

async function ended(
  child: ChildProcess,
  command: string,
  log: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const [code] = (await once(child, "close").catch((cause: unknown) => {
    signal?.throwIfAborted();
    throw new BaseImageError(`The base image could not be made: ${command} could not be run`, {
      cause,
      hint: RUN_SETUP,
    });
  })) as [number | null];
  if (code === 0) return;
  throw new BaseImageError(`The base image could not be made: ${command} ended with ${code ?? "a signal"}`, {
    details: { command, log },
    hint: `As root, debootstrap must reach a mirror of Debian. ${PULL_YOURSELF}`,
  });
}

async function importFolder(dir: string, options: DebianImageOptions): Promise<void> {
  const { signal, name } = options;
  const tar = spawn("tar", ["-C", dir, "--numeric-owner", "--exclude=./dev/*", "-c", "."], {
    stdio: ["ignore", "pipe", "ignore"],
    ...(signal && { signal }),
  });
  const done = ended(tar, "tar", [], signal);
  const [, report] = await Promise.all([done, importStream(tar.stdout, options)]);
  if (report.error !== undefined)
    throw new BaseImageError(`${name} could not be imported: ${report.error}`, { hint: PULL_YOURSELF });
}

async function importStream(stream: NodeJS.ReadableStream, options: DebianImageOptions): Promise<EngineReport> {
  const { engine, name, onProgress, signal } = options;
  const [repo, tag] = name.split(":");
  try {
    const output = await engine.importImage(stream, { repo, tag, changes: 'CMD ["bash"]', abortSignal: signal });
    return await readEngineOutput(output, onProgress, signal);
  } catch (error) {
    throwUnlessAnswer(error, signal);
    throw new BaseImageError(`${name} could not be imported: ${reasonOf(error)}`, {
      cause: error,
      hint: PULL_YOURSELF,
    });
  }
}
