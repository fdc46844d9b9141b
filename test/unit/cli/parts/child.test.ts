import { access, readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import { startChild, waitReady, type Child, type ChildSpec } from "../../../../cli/parts/child.ts";
import { PartFailedError, PartMissingError } from "../../../../cli/parts/errors.ts";
import { tempDir } from "../../../support/temp-dir.ts";
import { waitFor } from "../../../support/wait-for.ts";

const NEVER = (): Promise<boolean> => Promise.resolve(false);

/** Runs a line of shell as a child whose log lies in `dir`. */
function startShell(dir: string, script: string, more: Partial<ChildSpec> = {}): Promise<Child> {
  return startChild({
    name: "shell",
    command: "sh",
    args: ["-c", script],
    logFile: join(dir, "log", "shell.log"),
    ...more,
  });
}

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => expect.fail("nothing was thrown"),
    (error: unknown) => error,
  );
}

describe("startChild", function () {
  it("keeps both outputs in the log and tells how it ended", async function () {
    await using dir = await tempDir();
    await using child = await startShell(dir.path, "echo out; echo err >&2; exit 3");

    expect(await child.exited).to.deep.equal({ code: 3, signal: null });
    expect(child.exit()).to.deep.equal({ code: 3, signal: null });
    expect(await readFile(child.logFile, "utf8")).to.equal("out\nerr\n");
  });

  it("says what to do when there is no such program", async function () {
    await using dir = await tempDir();

    const error = await errorOf(startShell(dir.path, "", { command: "gridmill-no-such-program" }));

    expect(error).to.be.instanceOf(PartMissingError).with.property("hint").that.contains("scripts/setup.sh");
  });

  it("stops in good order first, and may be asked twice", async function () {
    await using dir = await tempDir();
    const child = await startShell(dir.path, "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.01; done");
    await waitFor("the trap", async () => (await readFile(child.logFile, "utf8")) === "up\n");

    await Promise.all([child.stop(), child.stop()]);

    expect(child.exit()).to.deep.equal({ code: 0, signal: null });
    expect(await readFile(child.logFile, "utf8")).to.equal("up\nbye\n");
  });

  it("uses force on one that does not listen, and on what that one started", async function () {
    await using dir = await tempDir();
    const child = await startShell(dir.path, "trap '' TERM; sleep 60 & echo $!; wait", { stopMs: 50 });
    const grandchild = await pidIn(child.logFile);

    await child.stop();

    expect(child.exit()).to.deep.equal({ code: null, signal: "SIGKILL" });
    await waitFor("the grandchild to be gone", async () => await isGone(grandchild));
  });
});

describe("stop", function () {
  it("leaves nothing of what the child has started itself", async function () {
    await using dir = await tempDir();
    const child = await startShell(dir.path, "sleep 60 & echo $!; wait");
    const grandchild = await pidIn(child.logFile);

    await child.stop();

    expect(child.exit()).to.deep.equal({ code: null, signal: "SIGTERM" });
    await waitFor("the grandchild to be gone", async () => await isGone(grandchild));
  });
});

describe("waitReady", function () {
  it("returns once the probe says true", async function () {
    await using dir = await tempDir();
    await using child = await startShell(dir.path, "sleep 60");
    let looks = 0;

    await waitReady(child, () => Promise.resolve(++looks === 3), 5_000);

    expect(looks).to.equal(3);
    expect(child.exit()).to.equal(undefined);
  });

  it("gives the end of the log of one that ends at once", async function () {
    await using dir = await tempDir();
    await using child = await startShell(dir.path, "echo cannot read my file; exit 7");

    const error = await errorOf(waitReady(child, NEVER, 5_000));

    expect(error).to.be.instanceOf(PartFailedError).with.property("message").that.contains("code 7");
    expect((error as PartFailedError).details).to.deep.equal({ part: "shell", log: "cannot read my file" });
  });

  it("stops one that gives no sign of life in time", async function () {
    await using dir = await tempDir();
    await using child = await startShell(dir.path, "sleep 60");

    const error = await errorOf(waitReady(child, NEVER, 100));

    expect(error).to.be.instanceOf(PartFailedError).with.property("message").that.contains("no answer in 0.1 s");
    expect(child.exit()).to.deep.equal({ code: null, signal: "SIGTERM" });
  });
});

/** The pid that a script has written; an empty log has none yet. */
async function pidIn(logFile: string): Promise<number> {
  return await waitFor("a pid in the log", async () => Number(await readFile(logFile, "utf8")) || undefined);
}

/** A process that has ended but is not yet reaped by its parent counts as gone. */
async function isGone(pid: number): Promise<boolean> {
  const exists = await access(`/proc/${pid}`).then(
    () => true,
    () => false,
  );
  return !exists || /\nState:\s+Z/.test(await readFile(`/proc/${pid}/status`, "utf8"));
}
