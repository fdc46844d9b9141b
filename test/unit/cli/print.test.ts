import { expect } from "chai";

import { createPrinter, facts, short, table } from "../../../cli/print.ts";

function captured(options: { json?: boolean; quiet?: boolean; tty?: boolean }) {
  const said = { out: "", err: "" };
  const printer = createPrinter({
    json: options.json ?? false,
    quiet: options.quiet ?? false,
    out: { write: (text) => void (said.out += text) },
    err: { isTTY: options.tty ?? false, write: (text) => void (said.err += text) },
  });
  return { printer, said };
}

describe("createPrinter", function () {
  it("prints the text for people and the value for programs", function () {
    const people = captured({});
    const programs = captured({ json: true });
    for (const { printer } of [people, programs]) printer.print({ wei: 2n ** 70n }, "a text");

    expect(people.said.out).to.equal("a text\n");
    expect(programs.said.out).to.equal('{"wei":"1180591620717411303424"}\n');
  });

  it("keeps notes off stdout, and silent with --quiet", function () {
    const loud = captured({ json: true });
    const quiet = captured({ quiet: true });
    for (const { printer } of [loud, quiet]) printer.note("hello");

    expect(loud.said).to.deep.equal({ out: "", err: "hello\n" });
    expect(quiet.said).to.deep.equal({ out: "", err: "" });
  });

  it("shows progress on a terminal only", function () {
    const piped = captured({});
    const quiet = captured({ tty: true, quiet: true });
    const terminal = captured({ tty: true });
    for (const { printer } of [piped, quiet, terminal]) printer.progress("half");

    expect([piped.said.err, quiet.said.err, terminal.said.err]).to.deep.equal(["", "", "half\n"]);
    expect([piped.printer.live, quiet.printer.live, terminal.printer.live]).to.deep.equal([false, false, true]);
  });

  it("draws progress over what was shown before, and takes it away before anything that stays", function () {
    const { printer, said } = captured({ tty: true });

    printer.progress(["one", "two"]);
    printer.progress("three");
    printer.note("a note");
    printer.progress("four");
    printer.print({}, "done");

    const over = (lines: number): string => `\r\u001b[${lines}A\u001b[0J`;
    expect(said.err).to.equal(`one\ntwo\n${over(2)}three\n${over(1)}a note\nfour\n${over(1)}`);
    expect(said.out).to.equal("done\n");
  });

  it("cuts progress to the terminal's size, where it could not be drawn over", function () {
    const { printer, said } = captured({ tty: true });

    printer.progress(["x".repeat(200), ...Array.from({ length: 50 }, (_unused, index) => `${index}`)]);

    const lines = said.err.trimEnd().split("\n");
    expect(lines).to.have.length(23);
    expect(lines[0]).to.equal("x".repeat(79));
  });
});

describe("table", function () {
  it("lines its columns up and colours nothing", function () {
    const lines = table(
      ["pool", "price"],
      [
        [1n, "0.5"],
        [12n, "10"],
      ],
    )
      .split("\n")
      .map((line) => line.trimEnd());

    expect(lines).to.have.length(3);
    expect(lines[1]!.indexOf("0.5")).to.equal(lines[2]!.indexOf("10"));
    expect(lines.join("\n")).to.not.include("\u001b");
  });
});

describe("facts", function () {
  it("leaves out what is not known", function () {
    expect(facts({ id: 1n, owner: undefined, endpoint: "x" })).to.equal("id        1\nendpoint  x");
  });
});

describe("short", function () {
  it("shortens hashes and leaves short words alone", function () {
    expect(short(`0x${"12".repeat(32)}`)).to.equal("0x121212…1212");
    expect(short("worker-1")).to.equal("worker-1");
  });
});
