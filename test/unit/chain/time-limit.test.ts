import { setTimeout as sleep } from "node:timers/promises";

import { expect } from "chai";

import { withinTime } from "../../../chain/time-limit.ts";

/** Ends with its signal, and says why. */
const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));

describe("time limit", function () {
  it("gives what the work gives, and lets go of its timer and of both signals", async function () {
    const closed = new AbortController();
    let own: AbortSignal | undefined;

    const answer = await withinTime(1, closed.signal, async (signal) => {
      own = signal;
      return 7;
    });
    closed.abort();
    // Set after it for as long: when this has rung, that would have.
    await sleep(1);

    expect([answer, own?.aborted]).to.deep.equal([7, false]);
  });

  it("ends the work after its time", async function () {
    const error = await withinTime(5, new AbortController().signal, untilAborted).catch((reason: unknown) => reason);

    expect(error).to.have.property("name", "TimeoutError");
  });

  it("ends the work with who waits for it, and begins none that nobody waits for", async function () {
    const closed = new AbortController();
    const working = withinTime(10_000, closed.signal, untilAborted).catch((reason: unknown) => reason);
    closed.abort(new Error("closed"));
    const late = await withinTime(10_000, closed.signal, async ({ aborted }) => aborted);

    expect([await working, late]).to.deep.equal([closed.signal.reason, true]);
  });
});
