import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

const ROOT = join(import.meta.dirname, "../..");
const CONFIG_FILES = "{chain,market,scheduler,worker,sdk,cli,web,scripts,bench}/config.ts";

/** The keys of a config.ts's zod object, and whatever it looks up by name. */
function variablesRead(text: string): readonly string[] {
  const keys = text.matchAll(/^\s+([A-Z][A-Z0-9_]*): /gm);
  const lookups = text.matchAll(/\benv(?:\.|\[")([A-Z][A-Z0-9_]*)/g);
  return [...new Set([...keys, ...lookups].map(([, name]) => name!))].sort();
}

type Entry = { readonly config: string; readonly name: string; readonly comment: string };

/** Every `NAME=` or `# NAME=`, the config.ts of its section, and the line above it. */
function entriesOf(example: string): readonly Entry[] {
  const lines = example.split("\n");
  let config = "";
  return lines.flatMap((line, at) => {
    config = /^# --- .*\((\S+)\)$/.exec(line)?.[1] ?? config;
    const name = /^(?:# )?([A-Z][A-Z0-9_]*)=/.exec(line)?.[1];
    return name ? [{ config, name, comment: lines[at - 1] ?? "" }] : [];
  });
}

/** What a variable is when nobody sets it, as the schema of its config.ts says; those without are left out. */
function defaultsOf(text: string): ReadonlyMap<string, string> {
  const schema = text.split(/^ {4}(?=[A-Z][A-Z0-9_]*: )/m).slice(1);
  return new Map(
    schema.flatMap((entry) => {
      const [, name] = /^([A-Z0-9_]+): /.exec(entry)!;
      const shared = /^\S+ logLevel,/.test(entry) ? "info" : undefined;
      const given = /\.prefault\("([^"]*)"\)/.exec(entry.split("/**")[0]!)?.[1] ?? shared;
      return given ? [[name!, given] as const] : [];
    }),
  );
}

type Row = { readonly name: string; readonly value: string; readonly meaning: string };

/** Rows of the table under `### NAME` in docs/deploy.md. */
function tableOf(page: string, heading: string): readonly Row[] {
  const section = page.split(`\n### ${heading}\n`)[1]?.split(/\n#+ /)[0] ?? "";
  const rows = section.matchAll(/^\| `([A-Z][A-Z0-9_]*)` \| (.*?) \| (.+) \|$/gm);
  return [...rows].map(([, name, value, meaning]) => ({ name: name!, value: value!, meaning: meaning! }));
}

describe("docs/deploy.md", function () {
  const page = readFileSync(join(ROOT, "docs/deploy.md"), "utf8");
  const entries = entriesOf(readFileSync(join(ROOT, ".env.example"), "utf8"));

  for (const [heading, config] of [
    ["Market", "market/config.ts"],
    ["Scheduler", "scheduler/config.ts"],
    ["Worker", "worker/config.ts"],
  ] as const) {
    const rows = tableOf(page, heading);
    const text = readFileSync(join(ROOT, config), "utf8");

    it(`has a row for each variable that ${config} reads, and no other`, function () {
      expect(rows.map(({ name }) => name).sort()).to.deep.equal(variablesRead(text));
    });

    it(`explains the variables of ${config} as .env.example does`, function () {
      const explained = entries.filter((entry) => entry.config === config);

      expect(Object.fromEntries(rows.map(({ name, meaning }) => [name, `# ${meaning}`]))).to.deep.equal(
        Object.fromEntries(explained.map(({ name, comment }) => [name, comment])),
      );
    });

    it(`says the defaults of ${config}`, function () {
      const said = rows.filter(({ name }) => defaultsOf(text).has(name));

      expect(said.length).to.be.above(3);
      expect(Object.fromEntries(said.map(({ name, value }) => [name, value]))).to.deep.equal(
        Object.fromEntries([...defaultsOf(text)].map(([name, value]) => [name, `\`${value}\``])),
      );
    });
  }
});

describe(".env.example", function () {
  const entries = entriesOf(readFileSync(join(ROOT, ".env.example"), "utf8"));

  for (const config of globSync(CONFIG_FILES, { cwd: ROOT })) {
    it(`lists what ${config} reads, and nothing else`, function () {
      const listed = entries.filter((entry) => entry.config === config).map(({ name }) => name);

      expect(listed.sort()).to.deep.equal(variablesRead(readFileSync(join(ROOT, config), "utf8")));
    });
  }

  it("explains each variable in the line above it", function () {
    const unexplained = entries.filter(
      ({ comment }) => !/^# [A-Z].*\S/.test(comment) || /^# [A-Z0-9_]+=/.test(comment),
    );

    expect(unexplained.map(({ name }) => name)).to.deep.equal([]);
  });
});
