import { expect } from "chai";

import { COMMANDS } from "../../../cli/command-table.ts";
import { EXIT } from "../../../cli/exit-codes.ts";
import { namedCommand } from "../../../cli/program.ts";
import { runCli } from "../../../cli/run-cli.ts";

/** Runs a line and keeps what it wrote. */
async function capture(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: "", err: "" };
  const code = await runCli(
    argv,
    { write: (text) => void (said.out += text) },
    { write: (text) => void (said.err += text) },
  );
  return { code, ...said };
}

describe("runCli", function () {
  it("lists every command in its help and ends with 0", async function () {
    const { code, out } = await capture("--help");

    expect(code).to.equal(EXIT.done);
    for (const name of Object.keys(COMMANDS)) expect(out).to.match(new RegExp(`^  ${name}\\b`, "m"));
  });

  it("tells its version", async function () {
    const { code, out } = await capture("--version");

    expect(code).to.equal(EXIT.done);
    expect(out).to.match(/^\d+\.\d+\.\d+\n$/);
  });

  const wrong: readonly [string, readonly string[]][] = [
    ["no command", []],
    ["an unknown command", ["dance"]],
    ["a noun without a verb", ["task"]],
    ["an unknown verb", ["task", "dance"]],
    ["an unknown option", ["task", "show", `0x${"11".repeat(32)}`, "--loud"]],
    ["a missing argument", ["task", "show"]],
    ["a malformed id", ["task", "show", "0x12"]],
    ["a trust of 1", ["run", "image", "--trust", "1"]],
  ];
  for (const [name, argv] of wrong) {
    it(`refuses ${name} with exit code 2 and says what to do`, async function () {
      const { code, out, err } = await capture(...argv);

      expect(code).to.equal(EXIT.usage);
      expect(out).to.equal("");
      expect(err).to.match(/^error: .+\n(why: .+\n)?do: {4}See: gridmill .*--help\ncode: {2}GM_USAGE\n$/s);
    });
  }

  it("prints the error as the one JSON value on stdout with --json", async function () {
    const { out } = await capture("task", "show", "0x12", "--json");

    const { error } = JSON.parse(out) as { error: { code: string; retryable: boolean; hint: string } };
    expect(error.code).to.equal("GM_USAGE");
    expect(error.retryable).to.equal(false);
    expect(error.hint).to.match(/gridmill task show --help/);
  });
});

describe("help", function () {
  it("shows the defaults of sizes as a person types them", async function () {
    const { out } = await capture("pool", "offer", "--help");

    expect(out).to.match(/--cpus <n> .*\(default: 1\)/);
    expect(out).to.match(/--memory <size> .*\(default: 1G\)/);
    expect(out).to.match(/--disk <size> .*\(default: 1G\)/);
  });

  it("leaves out that a switch is off and a list empty", async function () {
    const { out } = await capture("run", "--help");

    expect(out).to.match(/--tasks <n> [^]*\(default: 1\)/);
    expect(out).to.not.match(/default:\s+(false|\[\]|\{\})/);
  });
});

const oneLine = (text: string): string => text.replace(/\s+/g, " ");
const capitalised = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1)}`;

describe("every command", function () {
  for (const [noun, entry] of Object.entries(COMMANDS)) {
    const verbs = "verbs" in entry ? entry.verbs : { "": entry };
    for (const [verb, { summary, load }] of Object.entries(verbs)) {
      const name = `${noun} ${verb}`.trim();
      it(`${name} says what it does in the words of the table alone, and gives an example`, async function () {
        const { out } = await capture(...name.split(" "), "--help");

        expect((await load()).name()).to.equal(verb || noun);
        expect(oneLine(out))
          .to.match(/^Usage: gridmill /)
          .and.include(` ${capitalised(summary)} `);
        expect(out).to.match(new RegExp(`Examples?:\\n  gridmill ${name}`));
      });
    }
  }
});

describe("namedCommand", function () {
  it("finds the words among options before and behind them", function () {
    expect(namedCommand(["--json", "--network", "local", "task", "show", "0x1"])).to.deep.equal(["task", "show"]);
    expect(namedCommand(["task", "--json", "show"])).to.deep.equal(["task", "show"]);
  });

  it("does not look behind --", function () {
    expect(namedCommand(["run", "--", "task"])).to.deep.equal(["run", undefined]);
  });
});
