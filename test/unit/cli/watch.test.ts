import { expect } from "chai";

import type { Context } from "../../../cli/context.ts";
import { createPrinter } from "../../../cli/print.ts";
import { showView } from "../../../cli/watch.ts";
import { codeOf, NotFoundError } from "../../../protocol/errors.ts";
import { PoolUnreachableError } from "../../../sdk/errors.ts";

/** A command's surroundings: what it writes, and what interrupts it. */
function surroundings(json: boolean, isTTY = false) {
  const written = { out: "", err: "" };
  const stream = (name: "out" | "err") => ({ isTTY, write: (text: string) => void (written[name] += text) });
  const interrupt = new AbortController();
  const printer = createPrinter({ json, quiet: false, out: stream("out"), err: stream("err") });
  return { written, interrupt, context: { ...printer, json, signal: interrupt.signal } as unknown as Context };
}

/** Stands for an answer that does not come. */
const SILENT = NaN;

/** Answers these, and interrupts instead of the answer after the last. */
function answers(interrupt: AbortController, values: readonly number[]): () => Promise<{ n: number }> {
  let asked = 0;
  return () => {
    if (asked === values.length - 1) interrupt.abort(new Error("Ctrl-C"));
    const n = values[asked++]!;
    return Number.isNaN(n) ? Promise.reject(new PoolUnreachableError("no answer")) : Promise.resolve({ n });
  };
}

const text = ({ n }: { n: number }): string => `n is ${n}`;

describe("a view of a pool", function () {
  it("is printed once", async function () {
    const { context, interrupt, written } = surroundings(false);

    await showView(context, false, { ask: answers(interrupt, [1, 2]), text });

    expect(written.out).to.equal("n is 1\n");
  });

  for (const [json, lines] of [
    [true, '{"n":1}\n{"n":2}\n'],
    [false, "n is 1\nn is 2\n"],
  ] as const) {
    it(`is printed again ${json ? "as a line of JSON " : ""}whenever it changes, until Ctrl-C`, async function () {
      const { context, interrupt, written } = surroundings(json);

      const end = await showView(context, true, { ask: answers(interrupt, [1, 1, 2, 2]), text, againMs: 1 }).catch(
        String,
      );

      expect([written.out, end]).to.deep.equal([lines, "Error: Ctrl-C"]);
    });
  }

  it("waits for a pool that does not answer, says so once, and shows it again when it is back", async function () {
    const { context, interrupt, written } = surroundings(false);
    const ask = answers(interrupt, [SILENT, SILENT, 1, SILENT, 1, 2]);

    const end = await showView(context, true, { ask, text, againMs: 1 }).catch(String);

    expect([written.out, end]).to.deep.equal(["n is 1\nn is 1\nn is 2\n", "Error: Ctrl-C"]);
    expect(written.err.match(/^GM_POOL_UNREACHABLE: no answer; trying again until Ctrl-C$/gm)).to.have.length(2);
  });

  it("ends where no answer will ever come, and at once when nobody watches", async function () {
    const { context, interrupt } = surroundings(false);
    const unknown = () => Promise.reject(new NotFoundError("no such pool"));

    expect(await showView(context, true, { ask: unknown, text }).catch(codeOf)).to.equal("GM_NOT_FOUND");
    const silent = answers(interrupt, [SILENT, 1]);
    expect(await showView(context, false, { ask: silent, text }).catch(codeOf)).to.equal("GM_POOL_UNREACHABLE");
  });

  it("is drawn in place on a terminal, where nothing of it stays", async function () {
    const { context, interrupt, written } = surroundings(false, true);

    await showView(context, true, { ask: answers(interrupt, [1, 2]), text, againMs: 1 }).catch(String);

    expect(written.out).to.equal("");
    expect(written.err).to.match(/n is 1\n.*\[1A.*n is 2\n$/s);
  });
});
