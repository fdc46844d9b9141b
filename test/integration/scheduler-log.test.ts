import { expect } from "chai";
import { pino } from "pino";

import { ChainUnreachableError } from "../../chain/errors.ts";
import { firstOf } from "../support/scheduler-records.ts";
import { dealIdOf } from "../../protocol/deal.ts";
import { withRedis } from "../support/parts.ts";
import { openGateway } from "../support/scheduler-gateway.ts";
import { startProcess } from "../support/scheduler-process.ts";
import { SchedulerWorld } from "../support/scheduler-world.ts";
import { waitFor } from "../support/wait-for.ts";

type Line = Readonly<Record<string, unknown>> & { readonly msg: string };

const OF_A_VOTE = ["task", "deal", "worker", "lease"];
const OF_AN_EPOCH = ["lane", "epoch"];
/** What each line must say, so that all lines of a task, a deal, a worker or an epoch are found by it. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  "deal seen": ["deal"],
  "deal entered": ["deal"],
  "lease given": OF_A_VOTE,
  "lease refused": [...OF_A_VOTE, "code"],
  "lease lost": OF_A_VOTE,
  "vote computed": OF_A_VOTE,
  "app known": ["app", "image", "task", "deal"],
  "epoch begun": OF_AN_EPOCH,
  "ballots collected": OF_AN_EPOCH,
  "epoch sealed": OF_AN_EPOCH,
  "upload rejected": ["task", "deal", "worker", "code"],
  "task settled": ["task", "deal", ...OF_AN_EPOCH],
  "epoch settled": OF_AN_EPOCH,
};

describe("the log of a pool", function () {
  const redis = withRedis();
  let world: SchedulerWorld;
  let lines: Line[];
  beforeEach(async function () {
    lines = [];
    world = await SchedulerWorld.open(redis().url);
    const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line) as Line) });
    world.pool = { ...world.pool, log };
  });
  afterEach(() => world[Symbol.asyncDispose]());

  it("names task, deal, worker, lane and epoch in each line of a task's life", async function () {
    await world.connect(1, { refuses: { code: "GM_IMAGE_UNAVAILABLE", after: "lease" } });
    await world.connect(2, { silentAt: "accept" });
    const deal = world.openDeal();
    await world.settleDown();
    for (const index of [3, 4]) await world.connect(index, { corrupt: index === 4 });
    await world.settleDown();
    await world.runOutLeases();
    await world.drive("settled", world.isSettled(deal));
    await world.settleDown();

    expect(lines.map(({ msg }) => msg)).to.include.members(Object.keys(FIELDS));
    for (const line of lines) expect(line, line.msg).to.include.keys(FIELDS[line.msg] ?? []);
    const [task, dealId] = [firstOf(deal), dealIdOf(deal)];
    for (const line of lines.filter((each) => "task" in each)) expect(line).to.include({ task, deal: dealId });
  });

  it("says of a job and of a request that failed what they were about, and the code", async function () {
    const away = (): Promise<never> => Promise.reject(new ChainUnreachableError("away"));
    world.pool = { ...world.pool, tasks: { ...world.pool.tasks, get: away } };
    const task = `0x${"12".repeat(32)}` as const;
    const app = await openGateway(world);
    await app.inject({ url: `/tasks/${task}` });
    await app.close();
    await using running = await startProcess(world, redis().url);
    await running.pool.wake.task(task);

    await waitFor("the job's failure", () => lines.some(({ msg }) => msg === "job failed"));

    const of = (wanted: string): Line => lines.find(({ msg }) => msg === wanted)!;
    expect(of("job failed")).to.include({ queue: "placement", task, code: "GM_CHAIN_UNREACHABLE" });
    expect(of("request failed")).to.include({ route: "/tasks/:taskId", task, code: "GM_CHAIN_UNREACHABLE" });
  });
});
