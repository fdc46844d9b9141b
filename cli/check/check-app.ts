import { createHash } from "node:crypto";
import { join, resolve } from "node:path";

import { pino } from "pino";

import { tryLock } from "../../chain/node/file-lock.ts";
import type { FileLock } from "../../chain/node/file-lock.ts";
import { categorySeconds } from "../../protocol/categories.ts";
import { packResources } from "../../protocol/capabilities.ts";
import { limitsOf } from "../../scheduler/domain/tasks/task-terms.ts";
import { inputFile } from "../../sdk/node/input-file.ts";
import { machineScore } from "../../worker/benchmark/machine-score.ts";
import { createDockerExecutor } from "../../worker/executor/docker-executor.ts";
import type { Executor } from "../../worker/executor/executor.ts";
import type { InputArg } from "../args.ts";
import type { Context } from "../context.ts";
import { AlreadyRunningError } from "../errors.ts";
import { EXIT, ExitWith } from "../exit-codes.ts";
import { privateFolder } from "../home.ts";
import { addressOf } from "../images/engine.ts";
import { DEFAULT_DOCKER_HOST } from "../parts/docker-engine.ts";
import { NO_MANIFEST, requirementsOf } from "../run/options.ts";
import { localImage } from "../run/target.ts";
import type { Target } from "../run/target.ts";

import { runTwice } from "./run-twice.ts";
import type { CheckedTask } from "./run-twice.ts";
import { judge } from "./verdict.ts";
import { verdictText } from "./verdict-text.ts";
import type { MachineVerdict } from "./verdict-text.ts";

/** What `gridmill app check` is told. Times in seconds. */
export type CheckOptions = {
  readonly input: readonly InputArg[];
  readonly env: Readonly<Record<string, string>>;
  readonly category?: number;
  readonly seconds?: number;
  /** A file that stands for a dataset. */
  readonly dataset?: string;
  readonly tasks: number;
  readonly cpus?: number;
  readonly memory?: number;
};

/** What a task runs under that need not be ended before its author learns which category it needs. */
const LONGEST = 4;

/**
 * Runs an app twice as a worker would, compares the results and finds the category. Nothing is registered, and nobody is
 * asked but Docker and, for an image, its registry.
 * @throws ExitWith 1 after having said what is wrong with the app
 */
export async function checkApp(
  context: Context,
  target: Exclude<Target, { kind: "app" }>,
  args: readonly string[],
  options: CheckOptions,
): Promise<void> {
  const lock = await lockCheck(context.home.check);
  try {
    const verdict = await check(context, target, args, options);
    context.print(verdict, () => verdictText(verdict));
    if (!verdict.ok) throw new ExitWith(EXIT.taskFailed);
  } finally {
    await lock.release();
  }
}

async function check(
  context: Context,
  target: Exclude<Target, { kind: "app" }>,
  args: readonly string[],
  options: CheckOptions,
): Promise<MachineVerdict> {
  const { home, signal, progress } = context;
  const inputs = await Promise.all(options.input.map(readable));
  const { dataset: data } = options;
  const dataset = data === undefined ? undefined : (await readable({ path: data, name: "dataset" })).path;
  const image = await localImage(context, target);
  progress("measuring this machine");
  const { score } = await machineScore(home.benchmark);
  const executor = executorOf(context);
  await executor.sweep();
  const task = taskOf(target, image, args, options);
  const onStage = (run: 1 | 2, stage: string): void => progress(`run ${run} of 2: ${stage}`);
  const outcomes = await runTwice(task, { inputs, dataset }, { executor, score, workDir: home.check, onStage }, signal);
  const { cpuMillicores } = task.limits;
  return { image, score, ...judge(outcomes, { score, cpuMillicores, says: saidCategory(target, options) }) };
}

/** Two checks at once would measure each other. */
async function lockCheck(folder: string): Promise<FileLock> {
  const lock = await tryLock(join(await privateFolder(folder), "lock"));
  if (typeof lock !== "string") return lock;
  throw new AlreadyRunningError("Another app is being checked: two at once would measure each other", {
    details: { process: lock },
    hint: "Wait until it is done, or stop it",
  });
}

/** @throws BadInputError */
async function readable({ path, name }: InputArg): Promise<{ readonly name: string; readonly path: string }> {
  const file = resolve(path);
  await inputFile(file, name);
  return { name, path: file };
}

function executorOf({ config, home }: Context): Executor {
  return createDockerExecutor({
    // One of its own for each home, whose leavings the next check sweeps.
    owner: `check-${createHash("sha256").update(home.check).digest("hex").slice(0, 16)}`,
    workDir: home.check,
    engine: addressOf(config.dockerHost ?? DEFAULT_DOCKER_HOST),
    outputVolumes: "auto",
    log: pino({ level: "silent" }),
  });
}

function taskOf(
  target: Exclude<Target, { kind: "app" }>,
  image: string,
  args: readonly string[],
  options: CheckOptions,
): CheckedTask {
  const manifest = target.kind === "folder" ? target.manifest : NO_MANIFEST;
  const { env, tasks, category = LONGEST, seconds = categorySeconds(category) } = options;
  const requirements = packResources(requirementsOf(manifest.requirements, options));
  return {
    ...{ image, env, index: 0, count: tasks, resultKind: "folder" },
    args: [...(args.length > 0 ? args : manifest.args)],
    limits: { ...limitsOf({ requirements, category }), seconds: Math.min(seconds, categorySeconds(category)) },
  };
}

/** The category that is to be enough; null where nobody has said one. */
function saidCategory(target: Target, { category }: CheckOptions): number | null {
  return category ?? (target.kind === "folder" ? target.manifest.category : null);
}
