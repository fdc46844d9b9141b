import { expect } from "chai";

import type { Address } from "../../../protocol/primitives.ts";
import { createCrowd } from "../../../scheduler/actions/placing/crowd.ts";
import { NEWCOMER } from "../../../scheduler/domain/workers/conduct.ts";
import type { ConnectedWorker } from "../../../scheduler/store/workers/worker-store.ts";
import { setClock } from "../../support/set-clock.ts";
import { waitFor } from "../../support/wait-for.ts";
import { addressOf, aTask, CAPABILITIES } from "../../support/scheduler-records.ts";

const ANN = addressOf(1);
const { limits } = aTask().terms;
const LONG_MS = 60_000;

/** One connected worker with a cover of 100 wei, whose leases a test changes; counts how often it is read. */
function aCrowd(recentMs: number) {
  const state = { readings: 0, leases: 0 };
  const ann = { worker: ANN, machine: ANN, agent: "a", platform: "linux/amd64", slots: 4, capabilities: CAPABILITIES };
  const connected: ConnectedWorker = { ...ann, accepting: true, conduct: NEWCOMER };
  const alive = async (): Promise<readonly ConnectedWorker[]> => {
    state.readings++;
    return [connected];
  };
  const loadOf = async (_worker: Address) => ({
    working: Array.from({ length: state.leases }, (_unused, index) => ({ leaseId: `${index}`, limits })),
    atRisk: { votes: state.leases, stake: BigInt(state.leases) },
  });
  const standing = async () => ({ score: 0, cover: 100n });
  const crowd = createCrowd({ workers: { alive }, tasks: { loadOf }, chain: { standing }, clock: Date }, recentMs);
  return { state, crowd };
}

describe("the crowd of a pool", function () {
  it("is read once for all who ask within a moment", async function () {
    const { state, crowd } = aCrowd(LONG_MS);
    await crowd.recent();
    await Promise.all([crowd.recent(), crowd.recent()]);
    expect(state.readings).to.equal(1);
  });

  it("is read again for who asks later", async function () {
    const { state, crowd } = aCrowd(0);
    await crowd.recent();
    await crowd.recent();
    expect(state.readings).to.equal(2);
  });

  it("is read again after a moment though the machine's clock was set back", async function () {
    const { state, crowd } = aCrowd(10);
    await crowd.recent();
    using earlier = new DisposableStack();
    earlier.use(setClock(-3_600_000));
    await waitFor("another reading", async () => (await crowd.recent(), state.readings > 1));
  });

  it("is read anew for who wants it as it stands now, once for all who ask meanwhile", async function () {
    const { state, crowd } = aCrowd(LONG_MS);
    await crowd.recent();
    state.leases = 3;
    expect((await crowd.recent())[0]!.busy).to.have.lengthOf(0);

    const [first] = await Promise.all([crowd.fresh(), crowd.fresh(), crowd.fresh()]);

    expect(first[0]!.busy).to.have.lengthOf(3);
    expect(first[0]!.freeCover).to.equal(97n);
    expect(state.readings).to.equal(3);
  });

  it("counts what was booked since it was read, and no longer once it is read again", async function () {
    const { crowd } = aCrowd(LONG_MS);
    await crowd.recent();
    crowd.book(ANN, { limits, stake: 30n });
    crowd.book(addressOf(2), { limits, stake: 30n });

    const [booked] = await crowd.recent();
    expect(booked).to.deep.include({ busy: [limits], freeCover: 70n, cover: 100n });
    expect((await crowd.fresh())[0]).to.deep.include({ busy: [], freeCover: 100n });
  });
});
