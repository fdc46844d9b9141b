import { expect } from "chai";

import { connectRedis, keysOf } from "../../scheduler/store/redis.ts";
import { createRedisJournal } from "../../scheduler/store/chain-journal.ts";
import { startGrid } from "../support/chain/grid.ts";
import { inSuite } from "../support/in-suite.ts";
import { withRedis } from "../support/parts.ts";

const ACCOUNT = 4;
const DIGEST = `0x${"11".repeat(32)}` as const;

describe("two senders of one key, on Anvil", function () {
  this.timeout(60_000);
  const grid = inSuite(startGrid);
  const redis = withRedis();

  /** A sender with a connection of its own to the journal of a pool. */
  async function senderOf(pool: bigint, stack: AsyncDisposableStack) {
    const connection = await connectRedis(redis().url, () => {});
    stack.defer(() => connection.disconnect());
    return stack.use(grid().sender(ACCOUNT, { journal: createRedisJournal(connection, keysOf(31_337n, pool)) }));
  }

  it("with one journal do each thing once, whoever is asked, with a nonce each", async function () {
    await using stack = new AsyncDisposableStack();
    const both = [await senderOf(1n, stack), await senderOf(1n, stack)];
    const names = Array.from({ length: 8 }, (_unused, index) => `shared ${index}`);
    const address = grid().wallet(ACCOUNT).address;
    const before = await grid().provider.getTransactionCount(address);

    const receipts = await Promise.all(
      both.flatMap((sender) => names.map((name) => sender.send(name, grid().calls.registerApp(name, DIGEST)))),
    );

    expect(new Set(receipts.map(({ hash }) => hash)).size).to.equal(names.length);
    expect(await grid().provider.getTransactionCount(address)).to.equal(before + names.length);
  });
});
