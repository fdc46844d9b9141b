import { setImmediate } from "node:timers/promises";

import { expect } from "chai";

import { inBatches } from "../../../protocol/in-batches.ts";

describe("questions that are answered together", function () {
  /** Answers with the double; each batch waits until it is let go. */
  function doubling() {
    const batches: (readonly number[])[] = [];
    const gates: PromiseWithResolvers<void>[] = [];
    const ask = inBatches(async (numbers: readonly number[]) => {
      const gate = Promise.withResolvers<void>();
      batches.push(numbers);
      gates.push(gate);
      await gate.promise;
      return numbers.map((number) => 2 * number);
    });
    return { ask, batches, gates };
  }

  it("begin at once, and those that come while they are read are the next batch", async function () {
    const { ask, batches, gates } = doubling();
    const first = ask(1);
    const others = [ask(2), ask(3)];
    expect(batches).to.deep.equal([[1]]);

    gates[0]!.resolve();
    expect(await first).to.equal(2);
    await setImmediate();
    expect(batches).to.deep.equal([[1], [2, 3]]);
    gates[1]!.resolve();
    expect(await Promise.all(others)).to.deep.equal([4, 6]);
  });

  it("fail together, and only those", async function () {
    const { ask, gates } = doubling();
    const [first, second] = [ask(1), ask(2)];
    gates[0]!.reject(new Error("no answer"));

    expect(await first.catch((error: Error) => error.message)).to.equal("no answer");
    await setImmediate();
    gates[1]!.resolve();
    expect(await second).to.equal(4);
  });
});
