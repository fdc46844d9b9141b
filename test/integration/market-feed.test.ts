import { expect } from "chai";
import { WebSocket } from "ws";

import { FeedMessageSchema } from "../../protocol/market-feed.ts";
import type { FeedMessage } from "../../protocol/market-feed.ts";
import { inSuite } from "../support/in-suite.ts";
import { APP_ORDER } from "../support/market-orders.ts";
import { fresh, openMarketWorld } from "../support/market-world.ts";
import { waitFor } from "../support/wait-for.ts";

/** A client that keeps what it hears. */
async function listen(url: string): Promise<AsyncDisposable & { readonly heard: readonly FeedMessage[] }> {
  const socket = new WebSocket(url.replace("http", "ws"));
  const heard: FeedMessage[] = [];
  socket.on("message", (data: Buffer) => void heard.push(FeedMessageSchema.parse(JSON.parse(data.toString()))));
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  const closed = new Promise((resolve) => socket.once("close", resolve));
  return {
    heard,
    async [Symbol.asyncDispose]() {
      socket.close();
      await closed;
    },
  };
}

describe("market feed", function () {
  this.timeout(60_000);
  const world = inSuite(() => openMarketWorld());

  async function post(): Promise<`0x${string}`> {
    const signed = await world().sign("appOwner", "app", { ...APP_ORDER, salt: fresh() });
    return (await world().client.postOrder("app", signed)).hash;
  }

  it("begins with a snapshot and numbers what follows without a gap", async function () {
    const before = await post();
    await using feed = await listen(`${world().market.url}/events`);
    const snapshot = await waitFor("the snapshot", () => feed.heard[0]);
    const posted = [await post(), await post()];

    await waitFor("both orders", () => feed.heard.length >= 3);

    expect(snapshot.type === "snapshot" && snapshot.orders.map(({ hash }) => hash)).to.deep.equal([before]);
    expect(feed.heard.slice(1).map(({ seq }) => seq)).to.deep.equal([snapshot.seq + 1, snapshot.seq + 2]);
    const orders = feed.heard.flatMap((each) =>
      each.type === "event" && each.event.kind === "order" ? each.event.order.hash : [],
    );
    expect(orders).to.deep.equal(posted);
  });

  it("sends a client that comes back what it missed, and no snapshot", async function () {
    const { seq } = await world().client.info();
    const missed = await post();

    await using feed = await listen(`${world().market.url}/events?since=${seq}`);
    const first = await waitFor("what was missed", () => feed.heard[0]);

    expect([first.type, first.seq]).to.deep.equal(["event", seq + 1]);
    expect(first.type === "event" && first.event.kind === "order" && first.event.order.hash).to.equal(missed);
  });

  it("sends a snapshot to a client whose number it never gave", async function () {
    await using feed = await listen(`${world().market.url}/events?since=999999`);

    expect((await waitFor("a message", () => feed.heard[0])).type).to.equal("snapshot");
  });

  it("tells that orders were cancelled on chain", async function () {
    await using feed = await listen(`${world().market.url}/events`);
    const hash = await post();

    await world().send("appOwner", world().calls.cancelAllAsks());

    await waitFor("the cancelled order", () =>
      feed.heard.some(
        (each) =>
          each.type === "event" &&
          each.event.kind === "order" &&
          each.event.order.hash === hash &&
          each.event.order.status === "cancelled",
      ),
    );
  });
});
