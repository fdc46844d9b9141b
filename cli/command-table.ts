import type { Command } from "commander";

/** A command that is loaded when it is called; `summary` is what it does, in the help above it and in its own. */
export type CommandEntry = { readonly summary: string; readonly load: () => Promise<Command> };
/** A noun with its verbs. */
export type CommandGroup = { readonly summary: string; readonly verbs: Readonly<Record<string, CommandEntry>> };

const entry = (summary: string, load: () => Promise<Command>): CommandEntry => ({ summary, load });

const task: CommandGroup = {
  summary: "what became of tasks, and their results",
  verbs: {
    list: entry(
      "your deals, newest first, with how many of their tasks are settled",
      async () => (await import("./commands/task-list.ts")).taskList,
    ),
    show: entry(
      "where a task stands: its votes, and its history in the pool",
      async () => (await import("./commands/task-show.ts")).taskShow,
    ),
    why: entry(
      "why a task is where it is: who could serve it, who not, and what it would need",
      async () => (await import("./commands/task-why.ts")).taskWhy,
    ),
    watch: entry("follow a task until it is over", async () => (await import("./commands/task-watch.ts")).taskWatch),
    result: entry(
      "fetch the result of a settled task, checked against the chain",
      async () => (await import("./commands/task-result.ts")).taskResult,
    ),
  },
};

const deal: CommandGroup = {
  summary: "matched deals",
  verbs: {
    show: entry(
      "a deal: its terms as they were matched, and its tasks",
      async () => (await import("./commands/deal-show.ts")).dealShow,
    ),
  },
};

const app: CommandGroup = {
  summary: "check, publish and offer apps",
  verbs: {
    check: entry(
      "run an app twice here: do the runs agree, and which category fits",
      async () => (await import("./commands/app-check.ts")).appCheck,
    ),
    publish: entry(
      "register an app on chain, from a folder or an image",
      async () => (await import("./commands/app-publish.ts")).appPublish,
    ),
    offer: entry(
      "sign and post an offer of your app at a price per task; costs no gas",
      async () => (await import("./commands/app-offer.ts")).appOffer,
    ),
    list: entry(
      "all apps, each with its lowest price per task",
      async () => (await import("./commands/app-list.ts")).appList,
    ),
    show: entry("an app as the chain has it", async () => (await import("./commands/app-show.ts")).appShow),
  },
};

const dataset: CommandGroup = {
  summary: "publish and offer datasets",
  verbs: {
    publish: entry(
      "register a file that you serve at a URL on chain, for tasks to read",
      async () => (await import("./commands/dataset-publish.ts")).datasetPublish,
    ),
    offer: entry(
      "sign and post an offer of your dataset at a price per task; costs no gas",
      async () => (await import("./commands/dataset-offer.ts")).datasetOffer,
    ),
    list: entry(
      "all datasets, each with its lowest price per task",
      async () => (await import("./commands/dataset-list.ts")).datasetList,
    ),
    show: entry("a dataset as the chain has it", async () => (await import("./commands/dataset-show.ts")).datasetShow),
  },
};

const dapp: CommandGroup = {
  summary: "contracts that ask for computations",
  verbs: {
    match: entry(
      "open the deals that a contract asks for, and wait for its answers",
      async () => (await import("./commands/dapp-match.ts")).dappMatch,
    ),
    deploy: entry("create a contract", async () => (await import("./commands/dapp-deploy.ts")).dappDeploy),
    send: entry(
      "call a function of a contract in a transaction",
      async () => (await import("./commands/dapp-send.ts")).dappSend,
    ),
    read: entry(
      "ask a function of a contract, without a transaction",
      async () => (await import("./commands/dapp-read.ts")).dappRead,
    ),
  },
};

const pool: CommandGroup = {
  summary: "run a pool of workers",
  verbs: {
    create: entry(
      "register a pool on chain, and put its stake into the escrow",
      async () => (await import("./commands/pool-create.ts")).poolCreate,
    ),
    offer: entry(
      "sign and post an offer of your pool at a price per task; costs no gas",
      async () => (await import("./commands/pool-offer.ts")).poolOffer,
    ),
    start: entry(
      "run a pool here until Ctrl-C; on the local network, resume its pool",
      async () => (await import("./commands/pool-start.ts")).poolStart,
    ),
    status: entry(
      "a pool: owner and stake, offers, workers and tasks",
      async () => (await import("./commands/pool-status.ts")).poolStatus,
    ),
    workers: entry(
      "the workers of a pool: slots, votes, what they have at risk, how their leases ended",
      async () => (await import("./commands/pool-workers.ts")).poolWorkers,
    ),
    tasks: entry(
      "the tasks of a pool that are not over, the earliest deadline first",
      async () => (await import("./commands/pool-tasks.ts")).poolTasks,
    ),
    epochs: entry(
      "the epoch of each lane of a pool, and what holds it up",
      async () => (await import("./commands/pool-epochs.ts")).poolEpochs,
    ),
    drain: entry(
      "let a pool take nothing new and finish what was begun, before you stop it for long",
      async () => (await import("./commands/pool-drain.ts")).poolDrain,
    ),
    apps: entry(
      "what a pool thinks of the apps that it has seen: list them, allow or forget one",
      async () => (await import("./commands/pool-apps.ts")).poolApps,
    ),
    quarantine: entry(
      "events of the chain that a pool could not take in: list them, retry or drop some",
      async () => (await import("./commands/pool-quarantine.ts")).poolQuarantine,
    ),
  },
};

const worker: CommandGroup = {
  summary: "earn with this machine",
  verbs: {
    start: entry(
      "earn with this machine until Ctrl-C; on the local network, resume a worker",
      async () => (await import("./commands/worker-start.ts")).workerStart,
    ),
    status: entry(
      "the workers of this machine: process, bond, score, earnings",
      async () => (await import("./commands/worker-status.ts")).workerStatus,
    ),
    bench: entry(
      "measure this machine: the score that a worker of it offers",
      async () => (await import("./commands/worker-bench.ts")).workerBench,
    ),
    own: entry(
      "sign that a worker is yours: pools give the workers of one owner one vote of a task",
      async () => (await import("./commands/worker-own.ts")).workerOwn,
    ),
  },
};

const account: CommandGroup = {
  summary: "keys, and money in escrow",
  verbs: {
    create: entry(
      "make a key, stored encrypted under GRIDMILL_HOME",
      async () => (await import("./commands/account-create.ts")).accountCreate,
    ),
    show: entry(
      "an account: gas money, MILL in wallet and escrow, bond and score",
      async () => (await import("./commands/account-show.ts")).accountShow,
    ),
    deposit: entry(
      "MILL from the wallet into the escrow, where requests and stakes are paid from",
      async () => (await import("./commands/account-deposit.ts")).accountDeposit,
    ),
    withdraw: entry(
      "free MILL from the escrow back into the wallet",
      async () => (await import("./commands/account-withdraw.ts")).accountWithdraw,
    ),
    allow: entry(
      "let somebody name you as payer of its requests, up to an amount",
      async () => (await import("./commands/account-allow.ts")).accountAllow,
    ),
    allowances: entry(
      "who may spend whose MILL on requests, and how much",
      async () => (await import("./commands/account-allowances.ts")).accountAllowances,
    ),
    bond: entry(
      "stake MILL of the escrow on your worker's votes",
      async () => (await import("./commands/account-bond.ts")).accountBond,
    ),
    unbond: entry(
      "take the stake back: it is free a day later, then --finish brings it to the escrow",
      async () => (await import("./commands/account-unbond.ts")).accountUnbond,
    ),
  },
};

const order: CommandGroup = {
  summary: "the order book",
  verbs: {
    list: entry(
      "orders of the book: asks cheapest first, requests highest bid first",
      async () => (await import("./commands/order-list.ts")).orderList,
    ),
    show: entry(
      "an order, and why it is not active when it is not",
      async () => (await import("./commands/order-show.ts")).orderShow,
    ),
    cancel: entry(
      "cancel an order of yours on chain, for good",
      async () => (await import("./commands/order-cancel.ts")).orderCancel,
    ),
  },
};

/** Every command, in the order of the help. */
export const COMMANDS: Readonly<Record<string, CommandEntry | CommandGroup>> = {
  up: entry("run the whole market on this machine; Ctrl-C stops it", async () => (await import("./commands/up.ts")).up),
  down: entry(
    "stop the market of this machine; its data is kept",
    async () => (await import("./commands/down.ts")).down,
  ),
  status: entry(
    "what runs on this machine: processes, ports, data folders, health",
    async () => (await import("./commands/status.ts")).status,
  ),
  demo: entry(
    "render a picture on an open market: three workers, a pool, an order book, a chain",
    async () => (await import("./commands/demo.ts")).demo,
  ),
  run: entry(
    "run an app or image on the market, and fetch and check its results",
    async () => (await import("./commands/run.ts")).run,
  ),
  task,
  deal,
  app,
  dataset,
  dapp,
  pool,
  worker,
  account,
  order,
  doctor: entry("what is missing here, and how to mend it", async () => (await import("./commands/doctor.ts")).doctor),
};
