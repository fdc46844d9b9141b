import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "chai";
import type { Command } from "commander";

import { namedCommand, buildProgram } from "../../cli/program.ts";
import { linesOf } from "../support/doc-script.ts";
import { REPOSITORY, withLocalMarket } from "../support/local-market.ts";
import { tempDir } from "../support/temp-dir.ts";

const README = readFileSync(join(REPOSITORY, "README.md"), "utf8");
const SCRIPTS = (JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8")) as { scripts: object }).scripts;
const A_HASH = `0x${"5f".repeat(32)}`;

const argsOf = (line: string, id: string): readonly string[] =>
  line.split(/\s+/).slice(1).map((word) => (word === "ID" ? id : word)); // prettier-ignore

const OURS = "./gridmill ";

/** Parses a line as the command would, and does nothing. */
async function parse(args: readonly string[]): Promise<void> {
  const program = await buildProgram(args, "0.0.0");
  const [noun, verb] = namedCommand(args);
  const find = (parent: Command, name?: string): Command =>
    parent.commands.find((each) => each.name() === name) ?? parent;
  const command = find(find(program, noun), verb);
  expect(command, args.join(" ")).to.not.equal(program);
  for (const each of [program, command]) each.configureOutput({ writeErr: () => {} });
  command.action(() => {});
  await program.parseAsync([...args], { from: "user" });
}

describe("README.md", function () {
  it("names commands, options and scripts that exist", async function () {
    const lines = linesOf(README);
    const ours = lines.filter((line) => line.startsWith(OURS));
    expect(ours.length).to.be.at.least(5);
    for (const line of ours) await parse(argsOf(line, A_HASH));
    for (const line of lines.filter((each) => each.startsWith("npm "))) {
      const [, script] = /^npm (?:run )?(\S+)/.exec(line)!;
      expect(SCRIPTS, line).to.have.property(script!);
    }
    expect(lines.filter((line) => !line.startsWith(OURS) && !line.startsWith("npm "))).to.deep.equal([]);
  });

  it("would be found out if it named an option that does not exist", async function () {
    const error = await parse(["run", "apps/checksum", "--loud"]).catch((thrown: unknown) => thrown);

    expect(error).to.have.property("code", "commander.unknownOption");
  });

  describe("From the demo to your own image", function () {
    const [section] = README.split("## From the demo to your own image")[1]!.split("\n## ");
    const [up, ...others] = linesOf(section!);
    const market = withLocalMarket(argsOf(up!, "").slice(1));

    it("works line by line, as it stands there", async function () {
      expect(up).to.equal("./gridmill up");
      expect(others.map((line) => line.split(" ").slice(0, 3).join(" "))).to.deep.equal([
        "./gridmill run apps/checksum",
        "./gridmill task list",
        "./gridmill task result",
        "./gridmill status",
        "./gridmill app check",
      ]);
      await using dir = await tempDir();
      let id = "";
      for (const line of others) {
        const agreed = line.includes(" run ") ? ["--yes", "--out", join(dir.path, "run")] : [];
        const out = line.includes(" task result ") ? ["--out", join(dir.path, "result")] : [];
        const { code, json, stderr } = await market().run([...argsOf(line, id), ...agreed, ...out]);
        expect(code, `${line}\n${stderr}`).to.equal(0);
        const { tasks = [], verified = true } = json as { tasks?: { taskId: string }[]; verified?: boolean };
        id ||= tasks[0]?.taskId ?? "";
        expect(verified, line).to.equal(true);
      }
    });
  });
});
