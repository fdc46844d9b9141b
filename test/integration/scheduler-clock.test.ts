import { expect } from "chai";

import { followClock } from "../../scheduler/store/pool-clock.ts";
import type { FollowedClock } from "../../scheduler/store/pool-clock.ts";
import { connectRedis, keysOf } from "../../scheduler/store/redis.ts";
import type { RedisConnection } from "../../scheduler/store/redis.ts";
import { withRedis } from "../support/parts.ts";
import { setClock } from "../support/set-clock.ts";
import { waitFor } from "../support/wait-for.ts";

const HOUR = 3_600_000;
const COMPARE_MS = 10;

describe("the clock of a pool", function () {
  const redis = withRedis();
  let connection: RedisConnection;
  let pools = 0n;
  let started: FollowedClock[];

  beforeEach(async function () {
    connection = await connectRedis(redis().url, () => {});
    pools++;
    started = [];
  });
  afterEach(function () {
    for (const { stop } of started) stop();
    connection.disconnect();
  });

  const clockKey = (): string => keysOf(1n, pools)("clock");

  async function start(): Promise<FollowedClock> {
    const clock = await followClock(connection, keysOf(1n, pools), () => {}, COMPARE_MS);
    started.push(clock);
    return clock;
  }

  /** As if Redis' machine were set: what it says from now on is so much more, or less. */
  const setRedisClock = (ms: number): Promise<unknown> => connection.hincrby(clockKey(), "ahead", ms);

  /** Until every process has compared its clock since. */
  async function compared(): Promise<void> {
    const last = (): Promise<string | null> => connection.hget(clockKey(), "last");
    for (let times = 0; times < 3; times++) {
      const before = await last();
      await waitFor("another reading", async () => (await last()) !== before, { everyMs: COMPARE_MS });
    }
  }

  it("is Redis' clock, whatever the machine of a process says", async function () {
    const [seconds] = await connection.time();
    using wrong = new DisposableStack();
    wrong.use(setClock(-HOUR));
    const clock = await start();

    expect(clock.now() / 1_000).to.be.closeTo(Number(seconds), 2);
  });

  for (const [direction, ms] of Object.entries({ forward: HOUR, back: -HOUR })) {
    it(`goes on at all processes, and at those that start later, when Redis' clock is set ${direction} by an hour`, async function () {
      const [first, second] = [await start(), await start()];
      const began = performance.now() - first.now();
      const passed = (clock: FollowedClock): number => performance.now() - clock.now() - began;

      await setRedisClock(ms);
      await compared();

      for (const clock of [first, second, await start()]) expect(passed(clock)).to.be.closeTo(0, 1_000);
    });
  }

  it("does not fall back when Redis' clock was set back while no process ran", async function () {
    const before = await start();
    await compared();
    const told = before.now();
    before.stop();
    await setRedisClock(-HOUR);

    expect((await start()).now()).to.be.at.least(told - 1_000);
  });
});
