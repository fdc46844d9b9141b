import { setTimeout as sleep } from "node:timers/promises";

import { expect } from "chai";

import type { WorkerMessage } from "../../../protocol/messages.ts";
import { createStageRelay } from "../../../worker/leasing/stage-relay.ts";
import { waitFor } from "../../support/wait-for.ts";

const EVERY_MS = 20;

describe("what a pool is told of a lease's stages", function () {
  function relay() {
    const sent: WorkerMessage[] = [];
    return { sent, ...createStageRelay("a lease", (message) => sent.push(message), EVERY_MS) };
  }

  it("is the last of those that passed meanwhile, once", async function () {
    const { sent, tell, close } = relay();
    tell("fetching", 10);
    tell("fetching", 20);
    tell("running");
    await waitFor("a message", () => sent.length > 0);
    await sleep(3 * EVERY_MS);
    close();
    expect(sent).to.deep.equal([{ type: "progress", leaseId: "a lease", stage: "running" }]);
  });

  it("goes on with what comes later", async function () {
    const { sent, tell, close } = relay();
    tell("fetching", 10);
    await waitFor("a message", () => sent.length === 1);
    tell("fetching", 60);
    await waitFor("another", () => sent.length === 2);
    close();
    expect(sent.at(-1)).to.include({ stage: "fetching", percent: 60 });
  });

  it("is nothing of what was over before it could be told", async function () {
    const { sent, tell, close } = relay();
    tell("running");
    close();
    await sleep(3 * EVERY_MS);
    expect(sent).to.deep.equal([]);
  });
});
