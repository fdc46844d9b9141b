import { expect } from "chai";

import { dealIdOf } from "../../protocol/deal.ts";
import type { Deal } from "../../protocol/deal.ts";
import type { MessageOf, SchedulerMessage } from "../../protocol/messages.ts";
import { startFileServer } from "../support/file-server.ts";
import type { FileServer } from "../support/file-server.ts";
import { inSuite } from "../support/in-suite.ts";
import { withRedis } from "../support/parts.ts";
import { SchedulerWorld } from "../support/scheduler-world.ts";
import { fresh } from "../support/market-world.ts";

const GRACE = 100;
const TEXT = "name,value\nalpha,1\n";

describe("a pool given a deal with a dataset", function () {
  const redis = withRedis();
  const files = inSuite(startFileServer);
  let world: SchedulerWorld;
  beforeEach(async function () {
    world = await SchedulerWorld.open(redis().url, { GRIDMILL_BLOB_QUOTA_MIB: "1" });
    await world.connect(1);
    await world.connect(2);
  });
  afterEach(() => world[Symbol.asyncDispose]());

  type Dataset = { readonly reference: string; readonly sha256: string; readonly encrypted: boolean };
  const datasetOf = (file: ReturnType<FileServer["serve"]>): Dataset => {
    return { reference: file.url, sha256: file.sha256, encrypted: false };
  };
  const openDeal = (grace: number): Deal => world.openDeal({ dataset: 3n, grace, requestHash: fresh() });
  const leases = (): readonly MessageOf<SchedulerMessage, "lease">["lease"][] =>
    [...world.workers.values()].flatMap(({ heard }) => heard).flatMap((it) => (it.type === "lease" ? [it.lease] : []));

  it("fetches it once for all deals, hands it to every worker, and settles", async function () {
    const file = files().serve(TEXT);
    world.hub.datasets.set(3n, datasetOf(file));
    const deals = [openDeal(0), openDeal(0)];
    await world.drive("settled", world.isSettled(deals[0]!));
    world.hub.datasets.set(3n, { ...datasetOf(file), reference: "http://127.0.0.1:1/gone" });
    deals.push(openDeal(0));

    for (const deal of deals) await world.drive("settled", world.isSettled(deal));

    expect(leases().length).to.be.at.least(6);
    for (const { dataset } of leases()) expect(dataset).to.deep.equal({ sha256: file.sha256, bytes: TEXT.length });
    const { stream } = await world.pool.blobs.read(file.sha256);
    expect((await stream.toArray()).join("")).to.equal(TEXT);
  });

  const bad: Readonly<Record<string, readonly [why: string, dataset: () => Dataset | undefined]>> = {
    "does not exist": ["its dataset 3 does not exist", () => undefined],
    "is encrypted": ["is encrypted", () => ({ ...datasetOf(files().serve(TEXT)), encrypted: true })],
    "has other bytes at its URL": ["hashes to", () => ({ ...datasetOf(files().serve(TEXT)), sha256: "ab".repeat(32) })],
    "is not at its URL": [
      "HTTP 404",
      () => ({ ...datasetOf(files().serve(TEXT)), reference: `${files().serve("").url}0` }),
    ],
    "is at no URL": ["has no URL", () => ({ ...datasetOf(files().serve(TEXT)), reference: "file:///etc/passwd" })],
    "is more than the pool keeps for one": [
      "larger than the 1048576",
      () => datasetOf(files().serve("x".repeat(2 ** 20 + 1))),
    ],
  };
  for (const [name, [why, dataset]] of Object.entries(bad)) {
    it(`declines the deal within its grace where it ${name}, and says so`, async function () {
      const registered = dataset();
      if (registered) world.hub.datasets.set(3n, registered);
      const deal = openDeal(GRACE);

      await world.settleDown();

      const { stage, note } = (await world.pool.deals.get(dealIdOf(deal)))!;
      expect(stage).to.equal("declined");
      expect(note).to.include(why);
      expect(leases()).to.deep.equal([]);
    });
  }
});
