import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

import { createPoolMetrics } from "../../../scheduler/metrics/pool-metrics.ts";
import { metricFacts } from "../../support/metric-facts.ts";

describe("docs/metrics.md", function () {
  it("has every metric of a pool, with its type and labels, and no other", async function () {
    const page = readFileSync(join(import.meta.dirname, "../../../docs/metrics.md"), "utf8");
    const rows = [...page.matchAll(/^\| `(\w+)` \| (\w+) \| (.+?) \| (?:shared|own) \| .+ \|$/gm)].map(
      ([, name, type, labels]) => ({ name, type, labels: [...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label) }),
    );

    const facts = await metricFacts(createPoolMetrics(1n).registry);

    const ours = facts.filter(({ name }) => name.startsWith("gridmill_"));
    expect(rows).to.have.deep.members(ours);
  });
});
