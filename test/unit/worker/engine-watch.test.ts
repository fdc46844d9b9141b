import { expect } from "chai";
import { pino } from "pino";

import { EngineUnreachableError } from "../../../worker/executor/errors.ts";
import { createEngineWatch } from "../../../worker/leasing/engine-watch.ts";

describe("engine watch", function () {
  const away = (): Promise<number> => Promise.reject(new EngineUnreachableError("away"));

  /** A watch over an engine that can be taken away. */
  function watched() {
    const engine = { sweep: away, sweeps: 0 };
    const sweep = (): Promise<number> => {
      engine.sweeps++;
      return engine.sweep();
    };
    return { engine, watch: createEngineWatch({ sweep }, pino({ level: "silent" })) };
  }

  it("takes the engine for there, whatever else a lease is refused for", async function () {
    const { engine, watch } = watched();

    watch.refused("GM_DISK_FULL");
    await watch.look();

    expect(watch.answers()).to.equal(true);
    expect(engine.sweeps).to.equal(0);
  });

  it("takes it for away from the first lease that fails for want of it, until a sweep works", async function () {
    const { engine, watch } = watched();

    watch.refused("GM_ENGINE_UNREACHABLE");
    expect(watch.answers()).to.equal(false);
    const error = await watch.look().catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(EngineUnreachableError);
    expect(watch.answers()).to.equal(false);

    engine.sweep = () => Promise.resolve(3);
    await watch.look();
    expect(watch.answers()).to.equal(true);
  });
});
