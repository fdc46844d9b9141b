import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import { openRunRecord } from "../../../cli/run/run-record.ts";
import type { RunState, SignedRun } from "../../../cli/run/run-record.ts";
import { codeOf } from "../../../protocol/errors.ts";
import type { Hash } from "../../../protocol/primitives.ts";
import { APP_ORDER, POOL_ORDER, REQUEST_ORDER } from "../../support/market-orders.ts";
import { tempDir } from "../../support/temp-dir.ts";

const DEAL: Hash = `0x${"de".repeat(32)}`;
const signature = `0x${"51".repeat(65)}` as const;
const RUN: SignedRun = {
  state: "signed",
  offer: {
    ...{ app: { order: APP_ORDER, signature }, dataset: null, pool: { order: POOL_ORDER, signature } },
    ...{
      prices: { app: 1n, dataset: 0n, pool: 2n ** 100n },
      perTask: 3n,
      total: 4n,
      endpoint: "http://pool",
      grace: 0,
    },
  },
  request: { order: REQUEST_ORDER, signature },
};

describe("the record of a run", function () {
  it("says after a restart what was signed, to the last wei", async function () {
    await using dir = await tempDir();
    await openRunRecord(dir.path, { app: 1n, out: undefined }).put("asked", RUN);

    expect(await openRunRecord(dir.path, { app: 1n, out: undefined }).left()).to.deep.equal(RUN);
  });

  it("is of one command alone, and gone once that is done", async function () {
    await using dir = await tempDir();
    const record = openRunRecord(dir.path, { app: 1n });
    await record.put("asked", RUN);
    await record.put("signed", { ...RUN, state: "matched", dealId: DEAL });

    expect(await openRunRecord(dir.path, { app: 2n }).left()).to.equal(undefined);
    expect(await record.left()).to.include({ state: "matched", dealId: DEAL });
    await record.done("matched");
    expect(await record.left()).to.equal(undefined);
    expect(await readdir(dir.path)).to.deep.equal([]);
  });

  for (const [from, to] of [
    ["matched", "signed"],
    ["matched", "matched"],
    ["asked", "matched"],
    ["done", "signed"],
  ] as const satisfies readonly (readonly [RunState, RunState])[]) {
    it(`never goes from ${from} to ${to}`, async function () {
      await using dir = await tempDir();
      const moved = openRunRecord(dir.path, {}).put(from, { ...RUN, state: to });

      expect(await moved.catch(codeOf)).to.equal("GM_ILLEGAL_MOVE");
    });
  }

  it("does not take a file for signed that says something else", async function () {
    await using dir = await tempDir();
    const record = openRunRecord(dir.path, {});
    await record.put("asked", RUN);
    const [name] = await readdir(dir.path);
    await writeFile(join(dir.path, name!), '{"state":"signed"}');

    expect(await record.left().catch(codeOf)).to.equal("GM_STATE_FILE");
  });
});
