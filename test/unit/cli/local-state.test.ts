import { join } from "node:path";

import { expect } from "chai";

import { writePrivateJson } from "../../../cli/home.ts";
import { readLocalState, recordRunning, requireDown, requireUp } from "../../../cli/local/local-state.ts";
import type { Running } from "../../../cli/local/local-state.ts";
import { identify } from "../../../chain/node/process-id.ts";
import type { GridmillError } from "../../../protocol/errors.ts";
import { tempDir } from "../../support/temp-dir.ts";

const child = (name: string, pid: number): Running => ({
  ...{ name, pid, born: "x", url: "http://127.0.0.1:1", dataDir: "/d", logFile: "/l" },
});

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "none",
    (error: unknown) => (error as GridmillError).code,
  );

describe("local state", function () {
  it("refuses a second up while the first is alive, and says how to stop it", async function () {
    await using dir = await tempDir();
    const file = join(dir.path, "state.json");
    await writePrivateJson(file, { up: await identify(process.pid), children: [] });

    const error = await requireDown(file).catch((thrown: unknown) => thrown as GridmillError);

    expect(error).to.include({ code: "GM_ALREADY_UP" });
    expect((error as GridmillError).hint).to.include("gridmill down");
  });

  it("takes a state whose up is gone for what it has left behind", async function () {
    await using dir = await tempDir();
    const file = join(dir.path, "state.json");
    const state = { up: { pid: process.pid, born: "another time" }, children: [child("pool", 1)] };
    await writePrivateJson(file, state);

    expect(await requireDown(file)).to.deep.equal(state);
    expect(await codeOf(requireUp(file))).to.equal("GM_NOT_UP");
  });

  it("puts a process that was started again in the place of the old one", async function () {
    await using dir = await tempDir();
    const file = join(dir.path, "state.json");
    await writePrivateJson(file, { up: { pid: 1, born: "x" }, children: [child("pool", 1), child("worker-1", 2)] });

    await recordRunning(file, child("pool", 3));
    await recordRunning(file, child("worker-2", 4));

    const pids = (await readLocalState(file))?.children.map(({ name, pid }) => [name, pid]);
    expect(pids).to.deep.equal([
      ["pool", 3],
      ["worker-1", 2],
      ["worker-2", 4],
    ]);
  });

  it("keeps every process, though several are recorded at the same moment", async function () {
    await using dir = await tempDir();
    const file = join(dir.path, "state.json");
    await writePrivateJson(file, { up: { pid: 1, born: "x" }, children: [] });
    const names = ["anvil", "redis", "registry"];

    await Promise.all(names.map((name, index) => recordRunning(file, child(name, index))));

    expect((await readLocalState(file))?.children.map(({ name }) => name)).to.deep.equal(names);
  });

  it("says what to do about a file that is damaged", async function () {
    await using dir = await tempDir();
    const file = join(dir.path, "state.json");
    await writePrivateJson(file, { up: "yes" });

    expect(await codeOf(requireUp(file))).to.equal("GM_STATE_FILE");
  });
});
