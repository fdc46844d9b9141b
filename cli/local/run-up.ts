import { once } from "node:events";

import type { Context } from "../context.ts";
import type { Child } from "../parts/child.ts";
import { facts } from "../print.ts";

import { bringUp, takeDown } from "./bring-up.ts";
import type { LocalMarket, UpOptions } from "./bring-up.ts";
import { resumeCommand } from "./resume.ts";
import { chainUrl, marketUrl, poolUrl, registryHost } from "./services.ts";

/** Brings the market up, says so, and stays until Ctrl-C, SIGTERM or `down`; then everything is stopped. */
export async function runUp(context: Context, options: UpOptions): Promise<void> {
  const { config, signal, print, note } = context;
  const onStep = (what: string): void =>
    context.json ? print({ event: "starting", what }, "") : note(`starting ${what}`);
  const market = await bringUp(config, options, { onStep, signal });
  try {
    print(readyEvent(market), () => readyText(market, options));
    for (const child of market.services) watch(child, context);
    if (!signal.aborted) await once(signal, "abort");
    note("stopping");
  } finally {
    const stopped = await takeDown(market.paths);
    if (context.json) print({ event: "stopped", stopped }, "");
  }
}

function readyEvent({ plan, network }: LocalMarket): object {
  const { ports, accounts, pool } = plan;
  const urls = {
    chain: chainUrl(plan),
    market: marketUrl(ports),
    pool: poolUrl(ports),
    registry: registryHost(ports),
  };
  return { event: "ready", ...urls, poolId: pool, accounts, deployment: network.deployment };
}

function readyText({ plan }: LocalMarket, { workers }: UpOptions): string {
  const { ports } = plan;
  const kept = ports.workers.length === workers ? "" : " (as before; --fresh to change)";
  const lines = facts({
    chain: chainUrl(plan),
    market: marketUrl(ports),
    pool: `${poolUrl(ports)}  (pool ${plan.pool})`,
    registry: registryHost(ports),
    workers: `${ports.workers.length}${kept}`,
  });
  return `The market is up.\n${lines}\n\nTry, in another terminal:\n  gridmill run apps/checksum --input README.md --trust 3\nCtrl-C stops it.`;
}

/** `up` restarts nothing: whoever killed a process may want to see what happens. */
function watch(child: Child, { signal, note, json, print }: Context): void {
  void child.exited.then(({ code, signal: by }) => {
    if (signal.aborted) return;
    const start = resumeCommand(child.name);
    if (json) print({ event: "ended", name: child.name, code, signal: by }, "");
    else note(`${child.name} ended (${by ?? `code ${code}`}). Its log: ${child.logFile}. To resume it: ${start}`);
  });
}
