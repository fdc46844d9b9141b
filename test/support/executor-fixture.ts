import { randomUUID } from "node:crypto";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import type Docker from "dockerode";
import type { ContainerCreateOptions } from "dockerode";
import { pino } from "pino";

import type { Limits } from "../../protocol/lease.ts";
import { containerSpec } from "../../worker/executor/container-spec.ts";
import { createDockerExecutor, type DockerExecutorOptions } from "../../worker/executor/docker-executor.ts";
import { connectEngine, type EngineAddress } from "../../worker/executor/engine.ts";
import type { Executor, RunLimits, RunListener, RunOutcome, RunSpec } from "../../worker/executor/executor.ts";
import { removeContainer, removeVolume } from "../../worker/executor/leavings.ts";
import { loopsUnder } from "../../worker/executor/loop-device.ts";

import { busyboxImage, type TestImage } from "./images.ts";
import { inSuite } from "./in-suite.ts";
import { testRegistry } from "./parts.ts";
import { tempDir } from "./temp-dir.ts";
import { engineForTests, TEST_LABELS } from "./test-docker.ts";

const COMMON = {
  cpuMillicores: 1_000,
  memoryMiB: 32,
  diskMiB: 8,
  fileMiB: 8,
  pids: 32,
  logBytes: 100_000,
};
/** Small, so that reaching a limit takes no time. */
export const LIMITS: RunLimits = { ...COMMON, cpuMs: 30_000, wallMs: 30_000 };
/** The same, as a lease has them. */
export const LEASE_LIMITS: Limits = { ...COMMON, seconds: 30 };

export type RunRequest = Partial<Omit<RunSpec, "limits" | "inputs" | "dataset">> & {
  readonly limits?: Partial<RunLimits>;
  /** Text by name. */
  readonly inputs?: Readonly<Record<string, string>>;
  /** Text. */
  readonly dataset?: string;
  readonly signal?: AbortSignal;
  readonly onStage?: RunListener["onStage"];
  readonly executor?: Executor;
};

export type RunReport = { readonly outcome: RunOutcome; readonly log: string; readonly resultPath: string };

export interface ExecutorFixture extends AsyncDisposable {
  readonly docker: Docker;
  readonly executor: Executor;
  readonly owner: string;
  readonly workDir: string;
  readonly engine: EngineAddress;
  readonly registryUrl: string;
  /** Pinned reference of the image that everything runs in. */
  readonly image: string;
  /** One more executor of the same owner and folder. */
  another(options?: Partial<DockerExecutorOptions>): Executor;
  /** Another image of the same programs; gone with the fixture. */
  anotherImage(changes: readonly string[]): Promise<string>;
  /** Runs a shell script as a task. */
  run(script: string, request?: RunRequest): Promise<RunReport>;
  /** Runs a script in a task's container of which one thing has been changed: what an attack must succeed in first. */
  control(script: string, lift: (spec: ContainerCreateOptions) => void): Promise<{ exitCode: number; log: string }>;
  /** Names of everything of this owner that is there now. */
  leftovers(): Promise<readonly string[]>;
}

/** A Docker executor with a registry and an image, for the suite it is called in. */
export const withExecutor = (): (() => ExecutorFixture) => inSuite(executorFixture);

async function executorFixture(): Promise<ExecutorFixture> {
  const stack = new AsyncDisposableStack();
  const { url } = stack.use(await engineForTests());
  const registry = stack.use(await testRegistry());
  const dir = stack.use(await tempDir());
  const build = async (changes?: readonly string[]): Promise<TestImage> =>
    stack.use(await busyboxImage({ dockerHost: url, registryUrl: registry.url, ...(changes && { changes }) }));
  const { reference: image } = await build();
  const engine = url.startsWith("unix://") ? { socketPath: url.slice("unix://".length) } : { host: url };
  const docker = connectEngine(engine);
  const common = {
    owner: `test-${randomUUID()}`,
    workDir: dir.path,
    engine,
    outputVolumes: "auto" as const,
    labels: TEST_LABELS,
    log: pino({ level: "silent" }),
  };
  const executor = createDockerExecutor(common);
  return {
    ...common,
    docker,
    executor,
    registryUrl: registry.url,
    image,
    another: (options) => createDockerExecutor({ ...common, ...options }),
    anotherImage: async (changes) => (await build(changes)).reference,
    run: (script, request = {}) => runScript(executor, { image, args: ["sh", "-c", script], ...request }, dir.path),
    control: (script, lift) => runControl(docker, image, script, lift),
    leftovers: () => leftoversOf(docker, common.owner, dir.path),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function runScript(
  byDefault: Executor,
  request: RunRequest & Pick<RunSpec, "image" | "args">,
  dir: string,
): Promise<RunReport> {
  const { inputs = {}, dataset, limits, signal, onStage, executor = byDefault, ...rest } = request;
  const leaseId = rest.leaseId ?? randomUUID();
  const files = await Promise.all(
    Object.entries(inputs).map(async ([name, content], index) => {
      const path = join(dir, `${leaseId}-input-${index}`);
      await writeFile(path, content);
      return { name, path };
    }),
  );
  const resultPath = join(dir, `${leaseId}.tar`);
  const datasetPath = join(dir, `${leaseId}-dataset`);
  if (dataset !== undefined) await writeFile(datasetPath, dataset);
  const spec: RunSpec = {
    env: {},
    resultKind: "folder",
    resultPath,
    ...rest,
    leaseId,
    inputs: files,
    dataset: dataset === undefined ? undefined : datasetPath,
    limits: { ...LIMITS, ...limits },
  };
  let log = "";
  const listener: RunListener = { onStage: onStage ?? (() => {}), onLog: (part) => void (log += part) };
  const outcome = await executor.run(spec, listener, signal ?? new AbortController().signal);
  return { outcome, log, resultPath };
}

async function runControl(
  docker: Docker,
  image: string,
  script: string,
  lift: (spec: ContainerCreateOptions) => void,
): Promise<{ exitCode: number; log: string }> {
  const name = `gridmill-control-${randomUUID()}`;
  const volumes = [`${name}-input`, `${name}-output`] as const;
  const spec = containerSpec({
    ...{ name, labels: TEST_LABELS, imageId: image, imageVolumes: [], args: ["sh", "-c", script], env: {} },
    ...{ limits: LIMITS, processors: "0", inputVolume: volumes[0], outputVolume: volumes[1] },
    ...{ datasetVolume: undefined, runtime: undefined },
  });
  spec.HostConfig!.LogConfig = { Type: "json-file", Config: {} };
  lift(spec);
  try {
    const container = await docker.createContainer(spec);
    await container.start();
    const { StatusCode } = (await container.wait()) as { StatusCode: number };
    const log = await text((await container.logs({ follow: true, stdout: true, stderr: true })) as never);
    return { exitCode: StatusCode, log };
  } finally {
    await removeContainer(docker, name);
    for (const volume of volumes) await removeVolume(docker, volume);
  }
}

async function leftoversOf(docker: Docker, owner: string, workDir: string): Promise<readonly string[]> {
  const filters = { label: [`gridmill.owner=${owner}`] };
  const containers = await docker.listContainers({ all: true, filters });
  const { Volumes } = await docker.listVolumes({ filters });
  const loops = await loopsUnder(workDir);
  const folders = await readdir(join(workDir, "runs")).catch(() => []);
  return [
    ...containers.map(({ Names }) => `container ${Names.join()}`),
    ...(Volumes ?? []).map(({ Name }) => `volume ${Name}`),
    ...loops.map(({ device }) => `loop device ${device}`),
    ...folders.map((folder) => `folder ${folder}`),
  ];
}
