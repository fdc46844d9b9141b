import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";

import { expect } from "chai";

const RUN = new URL("../../../chain/node/run-service.ts", import.meta.url);
const ERRORS = new URL("../../../protocol/errors.ts", import.meta.url);

/** A process with a service; `start` is the body of its start, in which `say(word)` writes a line. */
function serviceOf(start: string) {
  const script = `
    import { runService } from "${RUN}";
    import { BadInputError } from "${ERRORS}";
    const say = (msg) => process.stdout.write(JSON.stringify({ msg }) + "\\n");
    const aborted = (signal) => new Promise((resolve) => signal.addEventListener("abort", resolve));
    setInterval(() => {}, 1_000);
    await runService({ loadConfig: () => ({ logLevel: "info" }), start: async () => { ${start} } });
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "pipe"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const stderr = text(child.stderr);
  const exited = once(child, "exit") as Promise<[number | null, string | null]>;
  const hears = async () => JSON.parse((await lines.next()).value as string) as Readonly<Record<string, unknown>>;
  return {
    child,
    hears,
    /** What the next lines say. The log has a buffer of its own: in whatever order. */
    hearsAll: async (count: number) => {
      const said: unknown[] = [];
      while (said.length < count) said.push((await hears())["msg"]);
      return said;
    },
    ended: async () => ({ exit: await exited, stderr: await stderr }),
  };
}

describe("a service as a process", function () {
  it("says that it is ready, and with what facts; stops on a signal and exits 0", async function () {
    const service = serviceOf(`return { facts: { url: "http://a" }, stop: async () => say("let go") };`);
    expect(await service.hears()).to.include({ msg: "ready", url: "http://a" });

    service.child.kill("SIGTERM");

    expect(await service.hearsAll(2)).to.have.members(["stopping", "let go"]);
    expect(await service.ended()).to.deep.equal({ exit: [0, null], stderr: "" });
  });

  it("may finish what it has begun until it is asked a second time", async function () {
    const service = serviceOf(`return {
      facts: {},
      drainMs: 60_000,
      stop: async (hurry) => { say(hurry.aborted ? "at once" : "draining"); if (!hurry.aborted) await aborted(hurry); },
    };`);
    await service.hears();
    service.child.kill("SIGINT");
    expect(await service.hearsAll(2)).to.have.members(["stopping", "draining"]);

    service.child.kill("SIGTERM");

    expect((await service.ended()).exit).to.deep.equal([0, null]);
  });

  it("finishes nothing beyond its time", async function () {
    const service = serviceOf(`return {
      facts: {},
      drainMs: 1,
      stop: async (hurry) => { if (!hurry.aborted) await aborted(hurry); },
    };`);
    await service.hears();

    service.child.kill("SIGTERM");

    expect((await service.ended()).exit).to.deep.equal([0, null]);
  });

  it("dies of the second signal when there is nothing to finish", async function () {
    const service = serviceOf(`return { facts: {}, stop: () => new Promise(() => say("stuck")) };`);
    await service.hears();
    service.child.kill("SIGTERM");
    expect(await service.hearsAll(2)).to.have.members(["stopping", "stuck"]);

    service.child.kill("SIGINT");

    expect((await service.ended()).exit).to.deep.equal([null, "SIGINT"]);
  });

  it("exits 1 with code, words and hint when it cannot start", async function () {
    const service = serviceOf(`throw new BadInputError("no", { hint: "do this" });`);

    expect(await service.ended()).to.deep.equal({ exit: [1, null], stderr: "GM_BAD_INPUT: no\ndo this\n" });
  });

  it("lets go of everything and exits 1 when it cannot go on", async function () {
    const service = serviceOf(`return {
      facts: {},
      ended: Promise.reject(new BadInputError("over")),
      stop: async (hurry) => say(hurry.aborted ? "at once" : "slowly"),
    };`);

    expect(await service.hearsAll(2)).to.have.members(["ready", "at once"]);
    expect(await service.ended()).to.deep.equal({ exit: [1, null], stderr: "GM_BAD_INPUT: over\n" });
  });
});
