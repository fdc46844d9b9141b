import { expect } from "chai";

import { draftOf } from "../../../cli/run/options.ts";
import type { RunOptions } from "../../../cli/run/options.ts";
import type { Target } from "../../../cli/run/target.ts";
import { refusals } from "../../../cli/run/price.ts";
import { progressLine } from "../../../cli/run/follow.ts";
import { reachableTrust } from "../../../cli/local/offers.ts";
import { MILL } from "../../../protocol/amounts.ts";
import { NO_RESOURCES, packResources } from "../../../protocol/capabilities.ts";
import { consensusOf } from "../../../protocol/consensus.ts";
import { failDigest } from "../../../protocol/digest.ts";
import type { BookOrder } from "../../../protocol/market-api.ts";
import { parseParams } from "../../../protocol/params.ts";
import { ZERO_HASH } from "../../../protocol/primitives.ts";
import type { TaskView } from "../../../sdk/deals.ts";

const resources = { ...NO_RESOURCES, cpuMillicores: 1_000, memoryMiB: 512, diskMiB: 256 };
const draft = { ...{ volume: 4, trust: 5, category: 0, params: "{}", uploads: [] }, requirements: resources };
const offer = {
  order: { price: MILL, maxTrust: 5, capabilities: packResources(resources) },
  remaining: 4n,
} as unknown as BookOrder<"pool">;

describe("refusals", function () {
  it("are none for an offer that is exactly enough", function () {
    expect(refusals(offer, { ...draft, maxPoolPrice: MILL })).to.deep.equal([]);
  });

  it("name every shortfall, one step beyond", function () {
    const requirements = { ...resources, memoryMiB: 513 };

    const reasons = refusals(offer, { ...draft, requirements, trust: 6, volume: 5, maxPoolPrice: MILL - 1n });

    expect(reasons).to.have.length(4);
    expect(reasons.join()).to.match(/costs 1 MILL.*trust ends at 5.*4 more tasks.*memoryMiB/);
  });
});

describe("the params of a run", function () {
  const options = { input: [], env: {}, trust: 3, tasks: 1, detach: false, dryRun: false, yes: true } as const;

  it("say what the requester weighs, and nothing of it where he does not", async function () {
    const target = { kind: "app", id: 1n } as unknown as Target;
    const paramsOf = async (more: Partial<RunOptions>) =>
      parseParams((await draftOf(target, [], { ...options, ...more })).params);

    expect((await paramsOf({ weigh: { speed: 3 } })).weights).to.deep.equal({ speed: 3 });
    expect(await paramsOf({})).not.to.have.property("weights");
  });
});

describe("reachableTrust", function () {
  it("is what so many agreeing newcomers reach, and not one more", function () {
    for (let workers = 1; workers <= 6; workers++) {
      const votes = Array.from({ length: workers }, () => ({ digest: ZERO_HASH, weight: 2n }));
      expect(consensusOf(votes, reachableTrust(workers))).to.equal(ZERO_HASH);
      expect(consensusOf(votes, reachableTrust(workers) + 1)).to.equal(undefined);
    }
  });
});

describe("progressLine", function () {
  const worker = `0x${"ab".repeat(20)}` as const;
  const task = { index: 2, status: "running", votes: [], digest: null, waitingFor: null } as unknown as TaskView;

  it("says which worker is where", function () {
    const votes: TaskView["votes"] = [
      { worker, status: "running", at: 1, stage: "fetching" },
      { worker, status: "computed", at: 1 },
    ];

    expect(progressLine({ ...task, votes })).to.equal(
      "task 2  running  0xababab…abab fetching, 0xababab…abab computed",
    );
  });

  it("says why nothing happens when nobody works on it", function () {
    expect(progressLine({ ...task, status: "planned", waitingFor: "no worker is connected" })).to.equal(
      "task 2  planned  no worker is connected",
    );
  });

  it("says why votes that are done get no further", function () {
    const votes: TaskView["votes"] = [{ worker, status: "balloted", at: 1 }];

    expect(progressLine({ ...task, status: "sealed", votes, waitingFor: "the pool cannot seal" })).to.equal(
      "task 2  sealed  0xababab…abab balloted  the pool cannot seal",
    );
  });

  it("tells a result from an agreed failure", function () {
    expect(progressLine({ ...task, status: "settled", digest: failDigest("time") })).to.include(
      "settled as failed (time)",
    );
  });
});
