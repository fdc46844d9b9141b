import { expect } from "chai";

import { rememberingFor } from "../../../chain/remembering-for.ts";
import { remembering } from "../../../protocol/remembering.ts";

const LONG_MS = 3_600_000;

describe("an answer that is remembered for a while", function () {
  const asked: string[] = [];
  const ask = async (question: string): Promise<number> => asked.push(question);
  beforeEach(() => void asked.splice(0));

  it("is asked for once in that time, and again after it", async function () {
    const [known, forgotten] = [rememberingFor(LONG_MS, ask), rememberingFor(0, ask)];

    expect([await known("a"), await known("b"), await known("a")]).to.deep.equal([1, 2, 1]);
    expect([await forgotten("c"), await forgotten("c")]).to.deep.equal([3, 4]);
  });

  it("is asked for again where it may not be remembered, or failed", async function () {
    const even = rememberingFor(LONG_MS, ask, (answer) => answer % 2 === 0);
    const failing = rememberingFor(LONG_MS, async (question: string) => {
      if (asked.push(question) === 3) throw new Error("no answer");
      return asked.length;
    });

    expect([await even("a"), await even("a"), await even("a")]).to.deep.equal([1, 2, 2]);
    expect(await failing("b").catch(() => "failed")).to.equal("failed");
    expect(await failing("b")).to.equal(4);
  });
});

describe("a function whose answers are remembered", function () {
  it("is asked once, until it has answered too many other questions", function () {
    const asked: string[] = [];
    const length = remembering((text) => asked.push(text) && text.length, 2);

    expect(["a", "bb", "a", "ccc", "a"].map(length)).to.deep.equal([1, 2, 1, 3, 1]);
    expect(asked).to.deep.equal(["a", "bb", "ccc", "a"]);
  });
});
