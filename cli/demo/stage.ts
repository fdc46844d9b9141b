import { rm } from "node:fs/promises";
import { join } from "node:path";

import type { Address } from "../../protocol/primitives.ts";

import type { Context } from "../context.ts";
import { homePaths } from "../home.ts";
import { bringUp, takeDown } from "../local/bring-up.ts";
import { readPlan } from "../local/local-plan.ts";
import { readLocalState } from "../local/local-state.ts";
import { localPaths } from "../local/paths.ts";
import { isAlive } from "../../chain/node/process-id.ts";
import { LOCAL_NETWORK } from "../networks.ts";

/** A market to play on: the one that runs, or a private one that goes afterwards. */
export interface Stage extends AsyncDisposable {
  /** For commands on this market. */
  readonly context: Context;
  /** Addresses by name. */
  readonly accounts: Readonly<Record<string, Address>>;
}

type StageOptions = {
  readonly workers: number;
  /** Program of one more worker, which lies. */
  readonly cheater?: string;
  /** Leaves the private market's data where it is, for a look. */
  readonly keep: boolean;
};

/** Uses the market that runs here, unless a cheat is wanted: then, or when none runs, a private one is brought up. */
export async function openStage(context: Context, options: StageOptions): Promise<Stage> {
  const paths = localPaths(context.home.local);
  const state = await readLocalState(paths.state);
  const plan = await readPlan(paths.plan);
  if (options.cheater === undefined && plan?.pool !== undefined && state && (await isAlive(state.up))) {
    context.note("using the market that runs here");
    return {
      context: { ...context, networkName: LOCAL_NETWORK },
      accounts: plan.accounts,
      [Symbol.asyncDispose]: async () => {},
    };
  }
  return await privateStage(context, options);
}

async function privateStage(context: Context, { workers, cheater, keep }: StageOptions): Promise<Stage> {
  const home = homePaths(join(context.config.home, `demo-${process.pid}`));
  const config = { ...context.config, home: home.root, network: LOCAL_NETWORK, key: undefined };
  const paths = localPaths(home.local);
  const close = async (): Promise<void> => {
    await takeDown(paths);
    if (!keep) await rm(home.root, { recursive: true, force: true });
  };
  try {
    const onStep = (what: string): void => context.note(`starting ${what}`);
    const options = { workers, fresh: true, anyPorts: true, ...(cheater === undefined ? {} : { cheater }) };
    const { plan } = await bringUp(config, options, { onStep, signal: context.signal });
    const own = { ...context, config, home, networkName: LOCAL_NETWORK, account: undefined };
    return { context: own, accounts: plan.accounts, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}
