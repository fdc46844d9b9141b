import { parser } from "@prometheus-io/lezer-promql";

/** What an expression of Prometheus asks of one metric. */
type Selector = {
  readonly metric: string;
  readonly matchers: readonly { readonly label: string; readonly is: string; readonly value: string }[];
};

/** An expression taken apart. `faults` is where it does not parse; `labels` are all that it groups or joins by. */
type Expression = {
  readonly faults: readonly string[];
  readonly selectors: readonly Selector[];
  readonly labels: readonly string[];
};

/** By the grammar that Prometheus' own page uses. Grafana's variables stand for what they would be. */
export function readPromql(written: string): Expression {
  const text = written.replaceAll("$__rate_interval", "5m");
  const faults: string[] = [];
  const selectors: { metric: string; matchers: { label: string; is: string; value: string }[] }[] = [];
  const labels: string[] = [];
  parser.parse(text).iterate({
    enter({ name, type, from, to, node }) {
      const said = text.slice(from, to);
      if (type.isError) faults.push(`at ${from} of ${text}`);
      if (name === "VectorSelector") selectors.push({ metric: said.split("{")[0]!.trim(), matchers: [] });
      if (name === "LabelName" && node.parent?.name === "GroupingLabels") labels.push(said);
      if (name !== "UnquotedLabelMatcher") return;
      const [, label, is, value] = /^(\w+)\s*(=~|!~|!=|=)\s*"(.*)"$/.exec(said)!;
      selectors.at(-1)!.matchers.push({ label: label!, is: is!, value: value! });
    },
  });
  return { faults, selectors, labels };
}
