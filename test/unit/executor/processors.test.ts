import { expect } from "chai";

import { createProcessors } from "../../../worker/executor/processors.ts";

describe("processors", function () {
  it("gives a task as many as it pays for, rounded up", function () {
    expect(createProcessors(4).take(1).list).to.equal("0");
    expect(createProcessors(4).take(1_000).list).to.equal("0");
    expect(createProcessors(4).take(1_001).list).to.equal("0,1");
  });

  it("gives those that fewest tasks use", function () {
    const processors = createProcessors(3);

    expect([1_000, 1_000, 2_000].map((millicores) => processors.take(millicores).list)).to.deep.equal([
      "0",
      "1",
      "0,2",
    ]);
  });

  it("gives those again that a task has given back", function () {
    const processors = createProcessors(2);
    const first = processors.take(1_000);
    processors.take(1_000);

    first[Symbol.dispose]();

    expect(processors.take(1_000).list).to.equal("0");
  });

  it("gives all there are when more are wanted", function () {
    expect(createProcessors(2).take(8_000).list).to.equal("0,1");
  });
});
