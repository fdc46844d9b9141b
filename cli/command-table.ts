import type { Command } from "commander";

/** A command that is loaded when it is called; `summary` is its line in the help above it. */
export type CommandEntry = { readonly summary: string; readonly load: () => Promise<Command> };
/** A noun with its verbs. */
export type CommandGroup = { readonly summary: string; readonly verbs: Readonly<Record<string, CommandEntry>> };

const entry = (summary: string, load: () => Promise<Command>): CommandEntry => ({ summary, load });

const task: CommandGroup = {
  summary: "what became of tasks, and their results",
  verbs: {
    list: entry("your deals and their tasks", async () => (await import("./commands/task-list.ts")).taskList),
    show: entry("where a task stands", async () => (await import("./commands/task-show.ts")).taskShow),
    watch: entry("follow a task to its end", async () => (await import("./commands/task-watch.ts")).taskWatch),
    result: entry("fetch a result, and check it", async () => (await import("./commands/task-result.ts")).taskResult),
  },
};

const deal: CommandGroup = {
  summary: "matched deals",
  verbs: { show: entry("a deal and its tasks", async () => (await import("./commands/deal-show.ts")).dealShow) },
};

const app: CommandGroup = {
  summary: "publish and offer apps",
  verbs: {
    publish: entry("register an app on chain", async () => (await import("./commands/app-publish.ts")).appPublish),
    offer: entry("offer an app at a price", async () => (await import("./commands/app-offer.ts")).appOffer),
    list: entry("all apps, with their prices", async () => (await import("./commands/app-list.ts")).appList),
    show: entry("one app", async () => (await import("./commands/app-show.ts")).appShow),
  },
};

const pool: CommandGroup = {
  summary: "run a pool of workers",
  verbs: {
    create: entry("register a pool on chain", async () => (await import("./commands/pool-create.ts")).poolCreate),
    offer: entry("offer its work at a price", async () => (await import("./commands/pool-offer.ts")).poolOffer),
    start: entry(
      "run a pool, or resume the local one",
      async () => (await import("./commands/pool-start.ts")).poolStart,
    ),
    status: entry("a pool and what it offers", async () => (await import("./commands/pool-status.ts")).poolStatus),
  },
};

const worker: CommandGroup = {
  summary: "earn with this machine",
  verbs: {
    start: entry(
      "run a worker, or resume a local one",
      async () => (await import("./commands/worker-start.ts")).workerStart,
    ),
    status: entry(
      "bond, score and process of workers",
      async () => (await import("./commands/worker-status.ts")).workerStatus,
    ),
  },
};

const account: CommandGroup = {
  summary: "keys, and money in escrow",
  verbs: {
    create: entry("make a key", async () => (await import("./commands/account-create.ts")).accountCreate),
    show: entry(
      "address, wallet, escrow and bond",
      async () => (await import("./commands/account-show.ts")).accountShow,
    ),
    deposit: entry(
      "MILL from the wallet to the escrow",
      async () => (await import("./commands/account-deposit.ts")).accountDeposit,
    ),
    withdraw: entry(
      "MILL from the escrow to the wallet",
      async () => (await import("./commands/account-withdraw.ts")).accountWithdraw,
    ),
    bond: entry("stake on your worker's votes", async () => (await import("./commands/account-bond.ts")).accountBond),
    unbond: entry(
      "take the stake back, a day later",
      async () => (await import("./commands/account-unbond.ts")).accountUnbond,
    ),
  },
};

const order: CommandGroup = {
  summary: "the order book",
  verbs: {
    list: entry("orders, yours or of an asset", async () => (await import("./commands/order-list.ts")).orderList),
    show: entry("one order", async () => (await import("./commands/order-show.ts")).orderShow),
    cancel: entry("withdraw an order on chain", async () => (await import("./commands/order-cancel.ts")).orderCancel),
  },
};

/** Every command, in the order of the help. */
export const COMMANDS: Readonly<Record<string, CommandEntry | CommandGroup>> = {
  up: entry("the whole market on this machine; Ctrl-C stops it", async () => (await import("./commands/up.ts")).up),
  down: entry("stop the market of this machine", async () => (await import("./commands/down.ts")).down),
  status: entry("what runs here, and whether it is well", async () => (await import("./commands/status.ts")).status),
  demo: entry("a picture rendered by an open market", async () => (await import("./commands/demo.ts")).demo),
  run: entry("run an app or image on the market", async () => (await import("./commands/run.ts")).run),
  task,
  deal,
  app,
  pool,
  worker,
  account,
  order,
  doctor: entry("what is missing, and how to mend it", async () => (await import("./commands/doctor.ts")).doctor),
};
