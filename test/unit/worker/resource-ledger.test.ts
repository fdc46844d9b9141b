import { expect } from "chai";

import { createResourceLedger } from "../../../worker/leasing/resource-ledger.ts";

const SHARE = { slots: 2, cpuMillicores: 2_000, memoryMiB: 512, diskMiB: 100 };
const DEMAND = { cpuMillicores: 1_000, memoryMiB: 256, diskMiB: 50 };

describe("resource ledger", function () {
  it("gives out exactly the share", function () {
    const ledger = createResourceLedger(SHARE);

    expect([ledger.reserve("a", DEMAND), ledger.reserve("b", DEMAND)]).to.deep.equal([true, true]);

    expect(ledger.free()).to.deep.equal({ slots: 0, cpuMillicores: 0, memoryMiB: 0, diskMiB: 0 });
  });

  it("has no slot for a third, however little it needs", function () {
    const ledger = createResourceLedger(SHARE);
    const little = { cpuMillicores: 1, memoryMiB: 1, diskMiB: 1 };
    for (const id of ["a", "b"]) ledger.reserve(id, little);

    expect(ledger.reserve("c", little)).to.equal(false);
    ledger.release("a");
    expect(ledger.reserve("c", little)).to.equal(true);
  });

  for (const lane of ["cpuMillicores", "memoryMiB", "diskMiB"] as const) {
    it(`gives all of ${lane} and not one more`, function () {
      const all = { ...DEMAND, [lane]: SHARE[lane] };

      expect(createResourceLedger(SHARE).reserve("a", all)).to.equal(true);
      const ledger = createResourceLedger(SHARE);
      expect(ledger.reserve("a", { ...all, [lane]: SHARE[lane] + 1 })).to.equal(false);
      expect(ledger.free()).to.deep.equal(SHARE);
    });
  }
});
