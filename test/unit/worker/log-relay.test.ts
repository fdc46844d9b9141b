import { expect } from "chai";

import type { MessageOf, WorkerMessage } from "../../../protocol/messages.ts";
import { WorkerMessageSchema } from "../../../protocol/messages.ts";
import { createLogRelay, LOG_CHUNK } from "../../../worker/leasing/log-relay.ts";
import { aLease } from "./fakes.ts";

const { leaseId } = aLease();

function aRelay() {
  const sent: WorkerMessage[] = [];
  const time = { ms: 0 };
  const relay = createLogRelay(
    leaseId,
    (message) => void sent.push(message),
    () => time.ms,
  );
  const texts = (): readonly string[] => (sent as MessageOf<WorkerMessage, "log">[]).map(({ text }) => text);
  return { sent, time, relay, texts };
}

describe("log relay", function () {
  it("gathers lines into one message", function () {
    const { relay, texts } = aRelay();

    relay.write("a\n");
    relay.write("b\n");
    relay.close();

    expect(texts()).to.deep.equal(["a\nb\n"]);
  });

  it("says nothing for nothing", function () {
    const { relay, texts } = aRelay();
    relay.close();

    expect(texts()).to.deep.equal([]);
  });

  it("cuts what is long into messages that the gateway takes, and loses none of it", function () {
    const { relay, sent, texts } = aRelay();
    const text = "é😀".repeat(LOG_CHUNK / 2);

    relay.write(text);
    relay.close();

    expect(texts().join("")).to.equal(text);
    for (const message of sent) expect(WorkerMessageSchema.safeParse(message).success).to.equal(true);
  });

  it("leaves out what comes too fast, says how much, and goes on later", function () {
    const { relay, time, texts } = aRelay();
    relay.write("x".repeat(65_536));
    relay.write("lost");
    time.ms = 1_000;
    relay.write("kept");
    relay.close();

    const all = texts().join("");
    expect(all).to.include("kept\n[4 characters of this log were left out]");
    expect(all).not.to.include("lost");
  });
});
