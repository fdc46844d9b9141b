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
