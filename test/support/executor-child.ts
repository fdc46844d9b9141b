/** A process with a run that does not end, for tests that kill it. Its one argument is JSON of what the run needs. */
import { pino } from "pino";

import { createDockerExecutor, type DockerExecutorOptions } from "../../worker/executor/docker-executor.ts";
import type { RunSpec } from "../../worker/executor/executor.ts";

const { options, spec } = JSON.parse(process.argv[2]!) as {
  options: Omit<DockerExecutorOptions, "log">;
  spec: RunSpec;
};
const executor = createDockerExecutor({ ...options, log: pino({ level: "silent" }) });
const listener = { onStage: () => {}, onLog: () => {} };
await executor.run(spec, listener, new AbortController().signal);
