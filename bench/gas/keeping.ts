/** What votes cost that do not decide: keeping them, bringing them again, opening one on chain. */
import { taskIdOf } from "../../protocol/deal.ts";
import type { Hash } from "../../protocol/primitives.ts";
import { ethers } from "../../test/contracts/support/chain.ts";
import { keptBy } from "../../test/contracts/support/kept.ts";
import type { Market } from "../../test/contracts/support/market.ts";
import { openDeal } from "../../test/contracts/support/orders.ts";
import { secretOf } from "../../test/contracts/support/round.ts";
import type { Cast, KeptTask } from "../../test/contracts/support/round.ts";
import { castsOn, playRound, wholeRound } from "./rounds.ts";
import { gasOf, row } from "./row.ts";
import type { GasRow } from "./row.ts";

const FEW = 20;

/** Two votes that differ are kept of each task; two more decide it. */
export async function keepingRows(market: Market): Promise<readonly GasRow[]> {
  return [...(await keepingRowsOf(market, 1)), ...(await keepingRowsOf(market, FEW)), await openingRow(market)];
}

async function keepingRowsOf(market: Market, count: number): Promise<readonly GasRow[]> {
  const opened = await openDeal(market, { request: { volume: count } });
  const tasks = Array.from({ length: count }, (_unused, index) => ({ opened, index }));
  const differing = tasks.flatMap(({ index }): readonly Cast[] =>
    market.workers.slice(0, 2).map((worker, i) => ({
      ...{ worker, opened, index, digest: ethers.id(i === 0 ? `answer ${index}` : `lie ${index}`) as Hash },
    })),
  );
  const first = await playRound(market, { casts: differing, open: true });
  const kept: readonly KeptTask[] = await Promise.all(
    tasks.map(({ index }) => keptBy(market, first.settling, opened, index)),
  );
  const second = await wholeRound(market, { casts: castsOn(tasks, market.workers.slice(2, 4), 2), kept });
  const name = count === 1 ? "a task" : `${count} tasks of one deal`;
  const keeping = await gasOf(Promise.resolve(first.settling));
  const rows = [row(`settle, 2 votes of ${name} kept`, keeping, { estimate: Number(first.estimate) })];
  // Of one task alone it differs by more than a percent from run to run, as accounts collide in the settle's ledger.
  if (count === 1) return rows;
  return [
    ...rows,
    row(`settle, ${name} by 2 kept and 2 new votes`, second.settle, { estimate: Number(second.estimate) }),
  ];
}

async function openingRow(market: Market): Promise<GasRow> {
  const [worker] = market.workers;
  const taskId = taskIdOf(ethers.id("deal") as Hash, 0);
  return row("open a kept vote on chain", await gasOf(market.hub.openVote(worker!, taskId, taskId, secretOf(worker!))));
}
