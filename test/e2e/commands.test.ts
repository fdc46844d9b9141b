import { execFileSync } from "node:child_process";
import { join } from "node:path";

import { expect } from "chai";

import { identify } from "../../chain/node/process-id.ts";
import { MILL } from "../../protocol/amounts.ts";
import type { Address, Hash } from "../../protocol/primitives.ts";
import { expectBalanced, readBooks } from "../support/books.ts";
import { envFor } from "../support/config.ts";
import { GRIDMILL, runGridmill, withLocalMarket } from "../support/local-market.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

type Json = Record<string, unknown>;
type ErrorJson = { readonly error: { readonly code: string; readonly message: string; readonly hint: string | null } };

/** Does nothing for as many seconds as it is told. */
const SLOW = ["test/support/apps/misbehave", "--yes", "--", "slow"];
const DAY = 86_400;

describe("the commands of a market", function () {
  const market = withLocalMarket(["--workers", "2"]);

  /** Runs a command that must succeed. */
  async function done(...args: readonly string[]): Promise<Json> {
    const { code, json, stderr } = await market().run(args);
    expect(code, `${args.join(" ")}\n${stderr}`).to.equal(0);
    return json as Json;
  }

  /** Runs a command that must fail with this exit code; its error. */
  async function refused(exit: number, ...args: readonly string[]): Promise<ErrorJson["error"]> {
    const { code, json } = await market().run(args);
    expect(code, args.join(" ")).to.equal(exit);
    return (json as ErrorJson).error;
  }

  describe("apps and orders", function () {
    let app: string;

    it("publish registers an app once, however often it is called", async function () {
      const first = await done("app", "publish", "apps/checksum", "--yes");
      const again = await done("app", "publish", "apps/checksum");

      app = first["id"] as string;
      expect(again).to.deep.equal(first);
      expect(first).to.have.all.keys("id", "owner", "reference", "digest");
      expect(first["owner"]).to.equal(market().accounts["requester"]);
      expect(await done("app", "show", app)).to.deep.equal(first);
    });

    it("offer puts a price on it, which list shows", async function () {
      const order = await done("app", "offer", app, "--price", "0.5", "--expires", "7d");

      expect(order).to.deep.include({ kind: "app", status: "active", reason: null });
      const { apps } = (await done("app", "list")) as { apps: { id: string; price: string }[] };
      expect(apps.map(({ id, price }) => ({ id, price }))).to.deep.equal([{ id: app, price: `${MILL / 2n}` }]);
      const { expiry } = order["order"] as { expiry: number };
      expect(expiry - Date.now() / 1_000).to.be.within(6.9 * DAY, 7.1 * DAY);
    });

    it("order list, show and cancel follow it to its end", async function () {
      const { orders } = (await done("order", "list", "app", "--mine", "--app", app)) as { orders: Json[] };
      const [{ hash }] = orders as [{ hash: Hash }];
      expect(orders).to.have.length(1);

      const cancelled = await done("order", "cancel", "app", hash, "--yes");

      expect(cancelled).to.deep.include({ hash, status: "cancelled" });
      const shown = await waitFor("the market to hear of it", async () => {
        const order = await done("order", "show", "app", hash);
        return order["status"] === "cancelled" && order;
      });
      expect((shown["reason"] as { code: string }).code).to.equal("GM_ORDER_CANCELLED");
      expect((await done("order", "list", "app"))["orders"]).to.deep.equal([]);
      expect(await refused(3, "run", app, "--yes")).to.include({ code: "GM_NO_OFFER" });
      expect(await refused(3, "order", "show", "pool", hash)).to.include({ code: "GM_NOT_FOUND" });
    });
  });

  describe("a run that nobody waits for", function () {
    let taskId: Hash;
    let dealId: Hash;

    it("run --detach says at once which tasks there will be", async function () {
      const detached = await done("run", "--detach", ...SLOW, "3");

      dealId = detached["dealId"] as Hash;
      const [task, ...others] = detached["tasks"] as { taskId: Hash; index: number; status: string }[];
      expect(others).to.deep.equal([]);
      expect(task).to.deep.include({ index: 0, status: "open" });
      taskId = task!.taskId;
    });

    it("task watch tells every change, an object a line, and ends with the task", async function () {
      const { code, stdout, stderr } = await market().run(["task", "watch", taskId]);

      expect(code, stderr).to.equal(0);
      const seen = stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as Json);
      const statuses = seen.map(({ status }) => status as string);
      expect(new Set(seen.map((task) => task["taskId"]))).to.deep.equal(new Set([taskId]));
      expect(statuses.at(-1)).to.equal("settled");
      expect(statuses.indexOf("settled"), "said once").to.equal(statuses.length - 1);
      expect(statuses, "watched while it ran").to.include("running");
    });

    it("task show has the shape that the design gives it, with the votes and the history", async function () {
      const task = await done("task", "show", taskId);

      const shape = ["taskId", "dealId", "index", "status", "deadline", "votes", "digest", "history"];
      expect(Object.keys(task)).to.deep.equal(shape);
      expect(task).to.include({ taskId, dealId, index: 0, status: "settled" });
      const votes = task["votes"] as { worker: Address; status: string; at: number }[];
      for (const vote of votes) expect(Object.keys(vote)).to.deep.equal(["worker", "status", "at"]);
      expect(votes.map(({ status }) => status)).to.deep.equal(["agree", "agree"]);
      const { accounts } = market();
      expect(votes.map(({ worker }) => worker)).to.have.members([accounts["worker-1"], accounts["worker-2"]]);
      const history = task["history"] as { at: number; status: string; note: string }[];
      for (const entry of history) expect(Object.keys(entry)).to.deep.equal(["at", "status", "note"]);
      const went = ["open", "planned", "running", "agreed", "sealed", "settled"];
      expect(history.map(({ status }) => status)).to.deep.equal(went);
    });

    it("task result --verify recomputes the digest that is on chain, and overwrites nothing", async function () {
      await using dir = await tempDir();
      const out = join(dir.path, "result");

      const result = await done("task", "result", taskId, "--verify", "--out", out);

      const { digest } = await done("task", "show", taskId);
      expect(result).to.deep.include({ taskId, verified: true, onChain: digest, recomputed: digest, exitCode: 0 });
      const again = await refused(3, "task", "result", taskId, "--out", out);
      expect(again.code).to.equal("GM_OUTPUT_EXISTS");
    });

    it("deal show and task list know what it cost", async function () {
      const deal = await done("deal", "show", dealId);
      const { deals } = (await done("task", "list")) as { deals: Json[] };

      expect(deal).to.deep.include({ dealId, perTask: `${MILL}`, paid: `${MILL}` });
      expect((deal["tasks"] as Json[]).map((task) => task["status"])).to.deep.equal(["settled"]);
      expect(deals[0]).to.deep.include({ dealId, settled: 1, tasks: 1, perTask: `${MILL}` });
    });
  });

  describe("a run that takes too long, and that somebody else pays", function () {
    const mill = (amount: bigint): string => `${amount * MILL}`;
    const people = (): { requester: Address; payer: Address } => {
      const { requester, "pool-owner": payer } = market().accounts;
      return { requester: requester!, payer: payer! };
    };
    const wealth = async (): Promise<bigint> => {
      const { available, locked } = await done("account", "show");
      return BigInt(available as string) + BigInt(locked as string);
    };
    let had: bigint;

    it("is refused while the payer allows nothing, and account allow changes that", async function () {
      const { requester, payer } = people();
      had = await wealth();

      const refusal = await refused(3, "run", "--payer", payer, ...SLOW, "5");
      const allowed = await done("account", "allow", requester, "3", "--account", "pool-owner", "--yes");

      expect(refusal).to.include({ code: "GM_ALLOWANCE_LOW" });
      expect(refusal.hint).to.equal(`Have the payer allow more: gridmill account allow ${requester} 1`);
      expect(allowed).to.deep.include({ payer, requester, amount: mill(3n) });
    });

    it("run --timeout gives up with 5 while the deal goes on; task watch --timeout likewise", async function () {
      const error = await refused(5, "run", "--timeout", "1s", "--payer", people().payer, ...SLOW, "5");

      expect(error.code).to.equal("GM_TIMED_OUT");
      const dealId = /0x[0-9a-f]{64}/.exec(error.message)![0];
      const { deal, tasks } = (await done("deal", "show", dealId)) as {
        deal: Json;
        tasks: { taskId: Hash; status: string }[];
      };
      expect(deal).to.deep.include(people());
      expect(tasks[0]!.status).to.not.equal("settled");
      const { taskId } = tasks[0]!;
      expect(await refused(3, "task", "result", taskId)).to.include({ code: "GM_NO_RESULT" });
      const watched = await market().run(["task", "watch", taskId, "--timeout", "1s"]);
      expect(watched.code).to.equal(5);
      expect((watched.json as ErrorJson).error.code).to.equal("GM_TIMED_OUT");
      expect((await done("task", "watch", taskId))["status"]).to.equal("settled");
    });

    it("cost the requester nothing, and uses the allowance up", async function () {
      const left = { ...people(), amount: mill(2n) };

      expect(await wealth()).to.equal(had);
      expect(await done("account", "allowances")).to.deep.equal({ allowances: [left] });
      expect(await done("account", "allowances", left.payer)).to.deep.equal({ allowances: [left] });
      expectBalanced(await readBooks(market().chainUrl, market().deployment));
    });
  });

  // In a `describe` of its own: a bare `it` runs before all that gives the pool something to show.
  describe("the pool", function () {
    it("pool workers, tasks and epochs show what it does; its operator drains it, and lets it work again", async function () {
      const operator = ["--account", "pool-operator"];
      const { workers } = (await done("pool", "workers")) as { workers: Json[] };
      const { epochs } = (await done("pool", "epochs")) as { epochs: Json[] };
      expect(await done("pool", "tasks", "--status", "planned")).to.deep.equal({ tasks: [] });
      expect(await refused(3, "pool", "drain")).to.include({ code: "GM_NOT_ALLOWED" });
      const drained = await done("pool", "drain", "--wait", "--timeout", "2m", ...operator);
      const { live } = (await done("pool", "status")) as { live: Json };
      const undone = await done("pool", "drain", "--off", ...operator);

      const { "worker-1": one, "worker-2": two } = market().accounts;
      expect(workers.map(({ worker }) => worker)).to.have.members([one, two]);
      expect(epochs[0]).to.include({ lane: 0 });
      expect(drained).to.deep.equal({ pool: "1", draining: true, votes: 0, epochs: 0 });
      expect([live["draining"], undone["draining"]]).to.deep.equal([true, false]);
    });
  });

  describe("this machine", function () {
    type Finding = { readonly what: string; readonly state: string; readonly mend?: string };

    const findingsOf = ({ json }: { json: unknown }): readonly Finding[] => (json as { findings: Finding[] }).findings;

    it("status and doctor find everything well", async function () {
      const { up, processes } = (await done("status")) as {
        up: boolean;
        processes: { name: string; health: string }[];
      };
      const doctor = await market().run(["doctor"]);

      const names = ["anvil", "redis", "registry", "market", "pool", "worker-1", "worker-2"];
      expect(up).to.equal(true);
      expect(processes.map(({ name }) => name)).to.have.members(names);
      expect(new Set(processes.map(({ health }) => health))).to.deep.equal(new Set(["up"]));
      expect(doctor.code, doctor.stdout).to.equal(0);
      expect(findingsOf(doctor).filter(({ state }) => state !== "ok")).to.deep.equal([]);
    });

    it("doctor names what was killed, with the command that brings it back", async function () {
      await market().kill("worker-2");

      const doctor = await waitFor("the doctor to see it", async () => {
        const ran = await market().run(["doctor"]);
        return ran.code !== 0 && ran;
      });

      expect(doctor.code).to.equal(4);
      const [ill] = findingsOf(doctor).filter(({ state }) => state !== "ok");
      expect(ill).to.include({ what: "worker-2", state: "bad" });
      expect(ill!.mend).to.match(/^gridmill worker start --name worker-2;/);
      expect(await done("worker", "start", "--name", "worker-2")).to.include({ name: "worker-2" });
      expect((await market().run(["doctor"])).code).to.equal(0);
      expect(await refused(3, "worker", "start", "--name", "worker-2")).to.include({ code: "GM_ALREADY_RUNNING" });
      expect(await refused(3, "up")).to.include({ code: "GM_ALREADY_UP" });
    });

    it("an error is what, why, what to do and the code, a line each, on stderr", async function () {
      const args = ["account", "withdraw", "999999999", "--yes"];
      const { code, stdout, stderr } = await runGridmill(args, { env: { GRIDMILL_HOME: market().home } });

      expect({ code, stdout }).to.deep.equal({ code: 3, stdout: "" });
      expect(stderr).to.match(/^error: Not enough MILL\nwhy: {3}the escrow has .+\ndo: {4}.+\ncode: {2}GM_NO_FUNDS\n$/);
    });

    it("down stops it all, and then status and doctor say what to do", async function () {
      const { processes } = (await done("status")) as { processes: { pid: number; name: string }[] };

      const down = (await done("down")) as { stopped: string[] };

      expect(down.stopped).to.include.members(["anvil", "redis", "pool", "worker-1", "worker-2"]);
      for (const { pid, name } of processes) expect(await identify(pid), name).to.equal(undefined);
      expect(await done("status")).to.deep.equal({ up: false, pid: null, processes: [] });
      expect((await done("down"))["stopped"]).to.deep.equal([]);
      const doctor = await market().run(["doctor"]);
      expect(doctor.code).to.equal(4);
      const ill = findingsOf(doctor).filter(({ state }) => state === "bad");
      expect(ill).to.have.length(1);
      expect(ill[0]!.mend).to.match(/gridmill up/);
      expect(await refused(4, "pool", "start")).to.include({ code: "GM_NOT_UP" });
      expect(await refused(4, "account", "show")).to.include({ code: "GM_NOT_UP" });
    });
  });
});

describe("an answer that nobody reads to its end", function () {
  const shell = (script: string): string =>
    execFileSync("bash", ["-c", script], { encoding: "utf8", env: envFor({ GRIDMILL }), stdio: "pipe" });

  it("ends quietly and well", function () {
    const said = shell('exec 3>&1; ("$GRIDMILL" --help 2>&3; echo "code $?" >&3) | true');

    expect(said).to.equal("code 0\n");
  });
});
