import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";
import { parse } from "yaml";
import { z } from "zod";

import { createPoolMetrics } from "../../scheduler/metrics/pool-metrics.ts";
import { TASK_STATES } from "../../scheduler/domain/tasks/task-state.ts";
import { HELD_STATES, VOTE_STATES } from "../../scheduler/domain/votes/vote-state.ts";
import { poolDashboard } from "../../scripts/pool-dashboard.ts";
import { metricFacts } from "../support/metric-facts.ts";
import { readPromql } from "../support/promql.ts";

const read = (path: string): string => readFileSync(join(import.meta.dirname, "../..", path), "utf8");

/** `rule_files` of Prometheus, as far as we use them. */
const Alerts = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^GridmillPool[A-Za-z]+$/),
          expr: z.string(),
          for: z
            .string()
            .regex(/^\d+[smh]$/)
            .optional(),
          labels: z.strictObject({ severity: z.enum(["critical", "warning"]) }),
          annotations: z.strictObject({ summary: z.string(), runbook: z.string() }),
        }),
      ),
    }),
  ),
});

/** The words that stand in a label, where a typing error would make an expression that is always empty. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  "gridmill_pool_tasks state": TASK_STATES,
  "gridmill_pool_task_moves_total state": TASK_STATES,
  "gridmill_pool_votes state": HELD_STATES,
  "gridmill_pool_vote_moves_total state": VOTE_STATES,
  "gridmill_pool_workers state": ["idle", "busy", "resting"],
  "gridmill_pool_deals stage": ["open", "waiting"],
  "gridmill_pool_escrow_mill state": ["available", "locked"],
  "gridmill_pool_queue_jobs state": ["waiting", "active", "delayed", "failed"],
  "gridmill_pool_epoch_seconds_count state": ["settled", "abandoned"],
  "gridmill_pool_errors_total part": ["gateway"],
};
/** What Prometheus adds to whatever it scrapes, and what each of our samples has. */
const ALWAYS = ["job", "instance", "pool"];

/** The labels of every sample that a pool gives, by its name; of histograms too. */
async function samplesOf(): Promise<ReadonlyMap<string, readonly string[]>> {
  const facts = await metricFacts(createPoolMetrics(1n).registry);
  const samples = facts.flatMap(({ name, type, labels }) =>
    type === "histogram"
      ? ["_count", "_sum", "_bucket"].map((end) => [`${name}${end}`, [...labels, "le"]] as const)
      : [[name, labels] as const],
  );
  return new Map([...samples, ["up", []]]);
}

type Samples = ReadonlyMap<string, readonly string[]>;

/** What is wrong with an expression: it does not parse, or asks for what no pool says. */
function faultsOf(expr: string, samples: Samples): readonly string[] {
  const { faults, selectors, labels } = readPromql(expr);
  const known = new Set(selectors.flatMap(({ metric }) => [...(samples.get(metric) ?? []), ...ALWAYS]));
  const unknown = labels.filter((label) => !known.has(label)).map((label) => `no label ${label} in ${expr}`);
  return [...faults, ...unknown, ...selectors.flatMap((selector) => faultsIn(selector, samples))];
}

type Selector = ReturnType<typeof readPromql>["selectors"][number];

function faultsIn({ metric, matchers }: Selector, samples: Samples): readonly string[] {
  const labels = samples.get(metric);
  if (!labels) return [`no metric ${metric}`];
  return matchers.flatMap(({ label, is, value }) => {
    if (!labels.includes(label) && !ALWAYS.includes(label)) return [`${metric} has no label ${label}`];
    const words = WORDS[`${metric} ${label}`];
    const asked = is.endsWith("~") ? value.split("|") : [value];
    return asked.filter((word) => words && !words.includes(word)).map((word) => `${metric} has no ${label} ${word}`);
  });
}

describe("what watches a pool", function () {
  const rules = Alerts.parse(parse(read("ops/alerts.yml"))).groups.flatMap((group) => group.rules);
  const panels = (poolDashboard().panels ?? []) as readonly { targets?: readonly { expr?: string }[] }[];
  const shown = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr!));
  let samples: Samples;
  before(async function () {
    samples = await samplesOf();
  });

  for (const { alert, expr } of rules) {
    it(`${alert} asks for what a pool says`, function () {
      expect(faultsOf(expr, samples)).to.deep.equal([]);
    });
  }

  it("whatever an alert counts begins at 0, where Prometheus can see it grow", async function () {
    const counted = rules
      .flatMap(({ expr }) => readPromql(expr).selectors)
      .filter(({ metric, matchers }) => {
        return /_(total|count)$/.test(metric) && matchers.some(({ label }) => label === "state");
      });
    const text = await createPoolMetrics(1n).registry.metrics();
    const words = counted.flatMap(({ metric, matchers }) =>
      matchers.flatMap(({ value }) => value.split("|").map((word) => ({ metric, word }))),
    );

    expect(words).to.have.length.greaterThan(3);
    for (const { metric, word } of words) expect(text).to.match(new RegExp(`^${metric}\\{.*"${word}".*\\} 0$`, "m"));
  });

  it("the dashboard asks for what a pool says", function () {
    expect(shown).to.have.length.greaterThan(30);
    expect(shown.flatMap((expr) => faultsOf(expr, samples))).to.deep.equal([]);
  });

  it("the dashboard shows every metric of a pool", function () {
    const asked = new Set(shown.flatMap((expr) => readPromql(expr).selectors.map(({ metric }) => metric)));
    const ours = [...samples.keys()].filter((name) => /^gridmill_(?!.*(_sum|_count)$)/.test(name));

    expect(ours.filter((name) => !asked.has(name) && !asked.has(name.replace("_bucket", "_count")))).to.deep.equal([]);
  });

  it("the dashboard is written down as it is built: node scripts/export-dashboard.ts", function () {
    expect(JSON.parse(read("ops/grafana-pool.json"))).to.deep.equal(JSON.parse(JSON.stringify(poolDashboard())));
  });

  it("the runbook has a section for each alert, in their order, and each says what it means, what to look at and what to do", function () {
    const sections = read("docs/runbook.md").split(/^### /m).slice(1);

    expect(sections.map((section) => section.split("\n")[0])).to.deep.equal(rules.map(({ alert }) => alert));
    for (const section of sections)
      expect(section).to.match(/\*\*Means\.\*\* .+\n[^]*\*\*Look\.\*\* [^]+\*\*Do\.\*\* .+/);
  });

  it("each alert leads to its section", function () {
    const wanted = rules.map(({ alert }) => `docs/runbook.md#${alert.toLowerCase()}`);

    expect(rules.map(({ annotations }) => annotations.runbook)).to.deep.equal(wanted);
  });
});
