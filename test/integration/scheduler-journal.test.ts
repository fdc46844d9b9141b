import { expect } from "chai";

import { createCheckpointStore, createRedisJournal } from "../../scheduler/store/chain-journal.ts";
import { connectRedis, keysOf } from "../../scheduler/store/redis.ts";
import type { Keys, RedisConnection } from "../../scheduler/store/redis.ts";
import { behavesLikeAJournal, finished, intent, SCOPE } from "../support/chain/journal-contract.ts";
import { withRedis } from "../support/parts.ts";

describe("Redis journal", function () {
  const redis = withRedis();
  let connection: RedisConnection;
  let keys: Keys;
  let pools = 0n;
  beforeEach(async function () {
    connection = await connectRedis(redis().url, () => {});
    keys = keysOf(31_337n, ++pools);
  });
  afterEach(() => connection.disconnect());

  behavesLikeAJournal(() => createRedisJournal(connection, keys));

  it("lets a nonce be used again by another once its intent was removed", async function () {
    const journal = createRedisJournal(connection, keys);
    await journal.add(SCOPE, intent("a", 0));
    await journal.remove(SCOPE, "a", 0);

    expect(await journal.add(SCOPE, intent("b", 0))).to.deep.equal({ kind: "added" });
    expect((await journal.open(SCOPE)).map(({ id }) => id)).to.deep.equal(["b"]);
  });

  it("forgets the oldest finished intents, and no open one", async function () {
    const journal = createRedisJournal(connection, keys, { keepFinished: 2 });
    await journal.add(SCOPE, intent("open", 0));
    for (let nonce = 1; nonce <= 5; nonce++) {
      await journal.add(SCOPE, intent(`${nonce}`, nonce));
      await journal.update(SCOPE, { ...finished(`${nonce}`, nonce), revision: 1 });
    }

    const known = await Promise.all(["open", "1", "2", "3", "4", "5"].map((id) => journal.get(SCOPE, id)));

    expect(known.filter((one) => one).map((one) => one!.id)).to.deep.equal(["open", "4", "5"]);
    expect(await journal.byNonce(SCOPE, 1)).to.equal(undefined);
    expect(await journal.nextNonce(SCOPE)).to.equal(6);
  });

  it("keeps pools apart", async function () {
    await createRedisJournal(connection, keys).add(SCOPE, intent("a", 0));

    expect(await createRedisJournal(connection, keysOf(31_337n, 999n)).get(SCOPE, "a")).to.equal(undefined);
  });

  it("has no checkpoint until one was saved, and then the last", async function () {
    const checkpoints = createCheckpointStore(connection, keys);
    const saved = { block: 7, hashes: [] } as unknown as Parameters<typeof checkpoints.save>[0];

    expect(await checkpoints.load()).to.equal(undefined);
    await checkpoints.save(saved);

    expect(await createCheckpointStore(connection, keys).load()).to.deep.equal(saved);
  });
});
