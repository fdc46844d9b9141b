import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";

const ROOT = join(import.meta.dirname, "../..");
const CONFIG_FILES = "{chain,market,scheduler,worker,sdk,cli,web,scripts,bench}/config.ts";

/** The keys of a config.ts's zod object, and whatever it looks up by name. */
function variablesRead(text: string): readonly string[] {
  const keys = text.matchAll(/^\s+([A-Z][A-Z0-9_]*): /gm);
  const lookups = text.matchAll(/\benv(?:\.|\[")([A-Z][A-Z0-9_]*)/g);
  return [...keys, ...lookups].map(([, name]) => name!);
}

type Entry = { readonly name: string; readonly comment: string };

function entriesOf(example: string): readonly Entry[] {
  const lines = example.split("\n");
  return lines.flatMap((line, at) => {
    const name = /^(?:# )?([A-Z][A-Z0-9_]*)=/.exec(line)?.[1];
    return name ? [{ name, comment: lines[at - 1] ?? "" }] : [];
  });
}

describe(".env.example", function () {
  const entries = entriesOf(readFileSync(join(ROOT, ".env.example"), "utf8"));
  const configs = globSync(CONFIG_FILES, { cwd: ROOT });

  it("lists what every config.ts reads, and nothing else", function () {
    const read = new Set(configs.flatMap((path) => variablesRead(readFileSync(join(ROOT, path), "utf8"))));

    expect([...new Set(entries.map(({ name }) => name))].sort()).to.deep.equal([...read].sort());
  });

  it("explains each variable in the line above it", function () {
    const unexplained = entries.filter(
      ({ comment }) => !/^# [A-Z].*\S/.test(comment) || /^# [A-Z0-9_]+=/.test(comment),
    );

    expect(unexplained.map(({ name }) => name)).to.deep.equal([]);
  });

  it("has a section for each config.ts", function () {
    const example = readFileSync(join(ROOT, ".env.example"), "utf8");

    expect(configs.filter((path) => !example.includes(`(${path})`))).to.deep.equal([]);
  });
});
