import { ReduceDataOptionsBuilder } from "@grafana/grafana-foundation-sdk/common";
import {
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
} from "@grafana/grafana-foundation-sdk/dashboard";
import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TimeseriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";

/** A query and what its lines are called. */
type Query = readonly [expr: string, legend: string];

/** A panel: what it shows, in which unit of Grafana. Widths are of 24. */
type Panel = {
  readonly title: string;
  readonly unit: string;
  readonly queries: readonly Query[];
  readonly span: number;
};

const SOURCE = { type: "prometheus", uid: "${source}" } as const;
const OF = 'pool="$pool"';
const EVERY = "$__rate_interval";

/** What all processes share is the same at each of them: the largest is it. */
const shared = (metric: string, by: string, more = ""): string => `max by (${by}) (${metric}{${OF}${more}})`;
const rate = (metric: string, by: string): string => `sum by (${by}) (rate(${metric}{${OF}}[${EVERY}]))`;
const increase = (metric: string, by: string): string => `sum by (${by}) (increase(${metric}{${OF}}[${EVERY}]))`;
const quantile = (part: number, metric: string, by: string): string =>
  `histogram_quantile(${part}, ${rate(`${metric}_bucket`, by === "" ? "le" : `le, ${by}`)})`;

const panel = (title: string, unit: string, span: number, ...queries: readonly Query[]): Panel => ({
  ...{ title, unit, span, queries },
});

const AT_A_GLANCE: readonly Panel[] = [
  panel("Workers", "short", 6, [shared("gridmill_pool_workers", "state"), "{{state}}"]),
  panel("Tasks under way", "short", 3, [
    `sum(${shared("gridmill_pool_tasks", "lane, state", ',state=~"open|planned|running|agreed|sealed"')})`,
    "tasks",
  ]),
  panel("To the next deadline", "s", 3, [
    `${shared("gridmill_pool_next_deadline_timestamp_seconds", "pool")} - ${shared("gridmill_pool_chain_timestamp_seconds", "pool")}`,
    "left",
  ]),
  panel("Operator's gas money (ether)", "short", 4, [shared("gridmill_pool_operator_balance_ether", "pool"), "ether"]),
  panel("Owner's escrow (MILL)", "short", 5, [shared("gridmill_pool_escrow_mill", "state"), "{{state}}"]),
  panel("Since the newest block", "s", 3, [
    `time() - ${shared("gridmill_pool_chain_timestamp_seconds", "pool")}`,
    "age",
  ]),
];

const WORK: readonly Panel[] = [
  panel("Tasks by state", "short", 12, [
    `sum by (state) (${shared("gridmill_pool_tasks", "lane, state")})`,
    "{{state}}",
  ]),
  panel("Votes at risk by state", "short", 12, [shared("gridmill_pool_votes", "state"), "{{state}}"]),
  panel("Votes coming into a state", "cps", 12, [rate("gridmill_pool_vote_moves_total", "state"), "{{state}}"]),
  panel("Tasks coming into a state", "cps", 12, [rate("gridmill_pool_task_moves_total", "state"), "{{state}}"]),
  panel(
    ...(["From deal to end of a task", "s", 12] as const),
    [quantile(0.5, "gridmill_pool_task_seconds", ""), "half"],
    [quantile(0.95, "gridmill_pool_task_seconds", ""), "95 of 100"],
  ),
  panel(
    "Slots, workers by grade, apps by standing",
    "short",
    12,
    [shared("gridmill_pool_slots", "state"), "{{state}}"],
    [shared("gridmill_pool_worker_grades", "grade"), "workers {{grade}}"],
    [shared("gridmill_pool_apps", "standing"), "apps {{standing}}"],
  ),
];

const EPOCHS: readonly Panel[] = [
  panel("How long a phase takes, 95 of 100", "s", 12, [
    quantile(0.95, "gridmill_pool_epoch_phase_seconds", "phase"),
    "{{phase}}",
  ]),
  panel("How long the lanes have been in their phase", "s", 12, [
    shared("gridmill_pool_epoch_age_seconds", "lane, phase"),
    "lane {{lane}}, {{phase}}",
  ]),
  panel("Epochs that ended", "short", 12, [increase("gridmill_pool_epoch_seconds_count", "state"), "{{state}}"]),
  panel("Tasks of epochs that ended", "short", 12, [increase("gridmill_pool_epoch_tasks_total", "state"), "{{state}}"]),
];

const MONEY: readonly Panel[] = [
  panel(
    ...(["MILL of the owner", "short", 8] as const),
    [increase("gridmill_pool_earned_mill_total", "pool"), "earned"],
    [increase("gridmill_pool_lost_mill_total", "pool"), "lost"],
  ),
  panel("Spent on gas (ether)", "short", 8, [increase("gridmill_pool_gas_spent_ether_total", "act"), "{{act}}"]),
  panel("Price of gas (wei)", "short", 8, [shared("gridmill_pool_gas_price_wei", "pool"), "wei"]),
  panel("Gas used", "short", 12, [increase("gridmill_pool_gas_used_total", "act"), "{{act}}"]),
  panel("Transactions", "short", 12, [increase("gridmill_pool_transactions_total", "act"), "{{act}}"]),
];

const UPKEEP: readonly Panel[] = [
  panel("Failures", "cps", 12, [rate("gridmill_pool_errors_total", "part, code"), "{{part}} {{code}}"]),
  panel("Jobs that wait", "short", 12, [
    shared("gridmill_pool_queue_jobs", "queue, state", ',state=~"waiting|active|delayed"'),
    "{{queue}} {{state}}",
  ]),
  panel("Jobs given up", "short", 6, [shared("gridmill_pool_queue_jobs", "queue", ',state="failed"'), "{{queue}}"]),
  panel(
    "Events in quarantine, deals that wait",
    "short",
    6,
    [shared("gridmill_pool_quarantined_events", "pool"), "events"],
    [shared("gridmill_pool_deals", "stage"), "deals {{stage}}"],
    [shared("gridmill_pool_draining", "pool"), "draining"],
  ),
  panel("Blocks behind the head", "short", 6, [
    `max by (instance) (gridmill_pool_chain_head_block{${OF}} - gridmill_pool_chain_block{${OF}})`,
    "{{instance}}",
  ]),
  panel("Answers of the gateway, 95 of 100", "s", 6, [quantile(0.95, "gridmill_pool_request_seconds", ""), "seconds"]),
  panel("Memory", "bytes", 8, [`process_resident_memory_bytes{${OF}}`, "{{instance}}"]),
  panel("Lag of the event loop", "s", 8, [`nodejs_eventloop_lag_p99_seconds{${OF}}`, "{{instance}}"]),
  panel("Processor", "percentunit", 8, [rate("process_cpu_seconds_total", "instance"), "{{instance}}"]),
];

/** The dashboard of a pool; its type is Grafana's own, so that what is built is what Grafana reads. */
export function poolDashboard(): Dashboard {
  const dashboard = new DashboardBuilder("Gridmill pool")
    .uid("gridmill-pool")
    .tags(["gridmill"])
    .timezone("browser")
    .refresh("30s")
    .time({ from: "now-6h", to: "now" })
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(new DatasourceVariableBuilder("source").label("Prometheus").type("prometheus"))
    .withVariable(
      new QueryVariableBuilder("pool")
        .label("Pool")
        .datasource(SOURCE)
        .query("label_values(gridmill_pool_tasks, pool)")
        .refresh(VariableRefresh.OnTimeRangeChanged),
    );
  let id = 0;
  for (const each of AT_A_GLANCE) dashboard.withPanel(filled(stat(), each).id(++id).height(4));
  for (const [title, panels] of Object.entries({ Work: WORK, Epochs: EPOCHS, Money: MONEY, Upkeep: UPKEEP })) {
    dashboard.withRow(new RowBuilder(title).id(++id));
    for (const each of panels) dashboard.withPanel(filled(new TimeseriesBuilder(), each).id(++id).height(8));
  }
  return dashboard.build();
}

/** Shows the newest value. */
function stat(): StatBuilder {
  return new StatBuilder().reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]));
}

function filled<T extends StatBuilder | TimeseriesBuilder>(builder: T, { title, unit, span, queries }: Panel): T {
  builder.title(title).unit(unit).span(span).datasource(SOURCE);
  for (const [at, [expr, legend]] of queries.entries()) {
    const refId = String.fromCharCode("A".charCodeAt(0) + at);
    builder.withTarget(new DataqueryBuilder().refId(refId).expr(expr).range().legendFormat(legend));
  }
  return builder;
}
