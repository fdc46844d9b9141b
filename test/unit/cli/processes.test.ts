import { spawn } from "node:child_process";
import { once } from "node:events";

import { expect } from "chai";

import { identify, isAlive } from "../../../chain/node/process-id.ts";
import type { ProcessId } from "../../../chain/node/process-id.ts";
import { stopProcess } from "../../../cli/local/processes.ts";

/** A process that does what it is told, and its identity. */
async function started(script: string) {
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "ignore"] });
  await once(child.stdout, "data");
  const id: ProcessId = (await identify(child.pid!))!;
  return { child, id, exited: once(child, "exit") as Promise<[number | null, string | null]> };
}

const SAY_READY = "console.log('ready'); setInterval(() => {}, 1000);";

describe("processes", function () {
  it("knows a process as alive until it has ended", async function () {
    const { child, id, exited } = await started(SAY_READY);
    expect(await isAlive(id)).to.equal(true);

    child.kill("SIGKILL");
    await exited;

    expect(await isAlive(id)).to.equal(false);
    expect(await identify(id.pid)).to.equal(undefined);
  });

  it("stops a process by asking it", async function () {
    const { id, exited } = await started(SAY_READY);

    await stopProcess(id);

    expect((await exited)[1]).to.equal("SIGTERM");
  });

  it("stops one that does not listen by force", async function () {
    const { id, exited } = await started(`process.on('SIGTERM', () => {}); ${SAY_READY}`);

    await stopProcess(id, 200);

    expect((await exited)[1]).to.equal("SIGKILL");
  });

  it("leaves another process alone that has the number of one that is gone", async function () {
    const { child, id, exited } = await started(SAY_READY);

    await stopProcess({ ...id, born: "long ago" });

    expect(await isAlive(id)).to.equal(true);
    child.kill("SIGKILL");
    await exited;
  });
});
