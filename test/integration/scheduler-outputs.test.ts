import { createHash } from "node:crypto";
import { Readable } from "node:stream";

import { expect } from "chai";

import { withRedis } from "../support/parts.ts";
import { firstOf } from "../support/scheduler-records.ts";
import { HONEST, resultBlob } from "../support/scheduler-worker.ts";
import { SchedulerWorld } from "../support/scheduler-world.ts";

const sha256Of = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

describe("outputs, as a pool takes them in", function () {
  const redis = withRedis();
  let world: SchedulerWorld;
  beforeEach(async function () {
    world = await SchedulerWorld.open(redis().url);
  });
  afterEach(() => world[Symbol.asyncDispose]());

  it("an output counts that takes as long to check as it takes an epoch to end and the next to begin", async function () {
    const [first] = [await world.connect(1, { silentAt: "upload" }), await world.connect(2, { silentAt: "upload" })];
    const deal = world.openDeal();
    await world.drive("outputs are awaited", async () => (await world.pool.uploads.left(0)).length > 0);
    const [taskId, blob] = [firstOf(deal), await resultBlob(HONEST)];
    const sha256 = sha256Of(blob);
    await world.pool.blobs.write(sha256, Readable.from([blob]), blob.length);
    await world.pool.tasks.update(taskId, (task) => ({ ...task, state: "agreed" }));
    const { read } = world.pool.blobs;
    const slow: typeof read = async (name) => {
      await world.pool.tasks.update(taskId, (task) => ({ ...task, state: "sealed" }));
      return read(name);
    };
    world.pool = { ...world.pool, blobs: { ...world.pool.blobs, read: slow } };

    await world.hear(first.address, { type: "uploaded", taskId, sha256, bytes: blob.length });

    expect((await world.taskOf(deal)).result).to.equal(sha256);
    expect(await world.pool.uploads.left(0)).to.deep.equal([]);
  });

  it("an output that is of no use when it comes is awaited on", async function () {
    const [first] = [await world.connect(1, { silentAt: "upload" }), await world.connect(2, { silentAt: "upload" })];
    const deal = world.openDeal();
    await world.drive("outputs are awaited", async () => (await world.pool.uploads.left(0)).length > 0);
    const [taskId, blob] = [firstOf(deal), await resultBlob(HONEST)];
    await world.pool.blobs.write(sha256Of(blob), Readable.from([blob]), blob.length);
    await world.pool.tasks.update(taskId, (task) => ({ ...task, state: "agreed" }));

    await world.hear(first.address, { type: "uploaded", taskId, sha256: sha256Of(blob), bytes: blob.length });

    expect(await world.pool.uploads.left(0)).to.deep.equal([taskId]);
  });
});
