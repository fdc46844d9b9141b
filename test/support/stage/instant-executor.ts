import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { digestOf, manifestOf } from "../../../protocol/digest.ts";
import type { Executor, RunSpec } from "../../../worker/executor/executor.ts";
import { writeResultBlob } from "../../../worker/executor/result-blob.ts";

/** An executor that runs no container: its output is a small file of the task's own, so that every digest and upload is another. */
export function createInstantExecutor(): Executor {
  return { run, prefetch: async () => {}, sweep: async () => 0 };
}

async function run({ leaseId, env, resultPath }: RunSpec): ReturnType<Executor["run"]> {
  const startedAt = performance.now();
  const text = `task ${env["GRIDMILL_TASK_INDEX"]}\n`;
  const spoolPath = join(dirname(resultPath), `${leaseId}.output`);
  await writeFile(spoolPath, text);
  const sha256 = createHash("sha256").update(text).digest("hex");
  const answer = { path: "answer", bytes: Buffer.byteLength(text), sha256, spoolPath };
  const manifest = manifestOf([answer], 0);
  await writeResultBlob(resultPath, manifest, [answer]);
  const usage = { wallMs: performance.now() - startedAt, cpuMs: 0, peakMemoryMiB: 0 };
  return { kind: "result", digest: digestOf(manifest), manifest, exitCode: 0, usage };
}
