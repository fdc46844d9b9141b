import Table from "cli-table3";

import { openChaosStage, PHASES } from "../support/chaos/chaos-stage.ts";
import type { ChaosStage, Phase } from "../support/chaos/chaos-stage.ts";
import { NETWORK_FAULTS } from "../support/chaos/network-faults.ts";
import type { NetworkFault } from "../support/chaos/network-faults.ts";
import { countFault } from "../support/chaos/tally.ts";
import { loadTestConfig } from "../support/config.ts";
import { inSuite } from "../support/in-suite.ts";

const { full } = loadTestConfig();
const WORKERS = 3;
/** In the short form two of the faults, at one phase; in the long form every fault at two, by turns. */
const SHORT: readonly string[] = ["Redis killed and started again", "workers' connections cut"];
const FAULTS = NETWORK_FAULTS.filter(({ name }) => full || SHORT.includes(name));

function phasesOf(place: number): readonly Phase[] {
  const at = (turn: number): Phase => PHASES[(place + turn) % PHASES.length]!;
  return full ? [at(0), at(2)] : [at(1)];
}

describe("a market whose network fails", function () {
  this.timeout(300_000);
  const chaos = inSuite<ChaosStage>(() => openChaosStage(WORKERS));
  const took: (readonly [string, Phase, number])[] = [];

  async function happens({ name, begin, end, felt, enough, within }: NetworkFault, phase: Phase): Promise<void> {
    const { net, feedUntil, isAt, expectWell } = chaos();
    await feedUntil(`a deal to be ${phase}`, () => isAt(phase));
    const before = felt(net);
    await begin(net);
    await feedUntil(`${name} to be felt`, () => felt(net) >= before + enough).finally(() => end(net));
    countFault("network fault", name);
    took.push([name, phase, await expectWell(within)]);
  }

  FAULTS.forEach((fault, place) => {
    for (const phase of phasesOf(place)) {
      it(`${fault.name} while a deal is ${phase}: all is well within ${fault.within} s, and nothing is lost`, () =>
        happens(fault, phase));
    }
  });

  after(function () {
    const table = new Table({
      head: ["fault", "phase", "well after s"],
      style: { head: [], border: [], compact: true },
    });
    for (const [name, phase, seconds] of took) table.push([name, phase, seconds.toFixed(1)]);
    process.stdout.write(`${table.toString()}\n`);
  });
});
