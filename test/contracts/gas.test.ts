import { expect } from "chai";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { measureRows } from "../../bench/gas/rows.ts";
import type { GasRow } from "../../bench/gas/row.ts";

/** Signatures and times change a few bytes of calldata from run to run. */
const TOLERANCE = 0.01;

describe("gas", function () {
  let rows: readonly GasRow[] = [];

  before(async function () {
    rows = await measureRows();
  });

  it("is what snapshots/gas.json says (else run npm run bench:gas -- --write)", async function () {
    const path = join(import.meta.dirname, "../../snapshots/gas.json");
    const snapshot = JSON.parse(await readFile(path, "utf8")) as Record<string, number>;

    expect(rows.map(({ name }) => name)).to.deep.equal(Object.keys(snapshot));
    for (const { name, gas } of rows) {
      expect(gas, name).to.be.closeTo(snapshot[name]!, Math.ceil(snapshot[name]! * TOLERANCE));
    }
  });

  it("of a settle is never above its estimate, by which epochs are closed", function () {
    const settles = rows.filter(({ estimate }) => estimate !== undefined);

    expect(settles).to.have.lengthOf(8);
    for (const { name, gas, estimate } of settles) expect(gas, name).to.be.at.most(estimate!);
  });
});
