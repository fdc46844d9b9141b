import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import { freePort } from "../../cli/parts/free-port.ts";
import { MILL } from "../../protocol/amounts.ts";
import type { Address } from "../../protocol/primitives.ts";
import { expectBalanced, readBooks } from "../support/books.ts";
import { arriveAt, fund } from "../support/e2e-newcomer.ts";
import type { Newcomer } from "../support/e2e-newcomer.ts";
import { startCommand } from "../support/e2e-service.ts";
import { REPOSITORY, runGridmill, withLocalMarket } from "../support/local-market.ts";
import { withRedis } from "../support/parts.ts";
import { rpc } from "../support/rpc.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

type RunJson = {
  readonly dealId: string;
  readonly tasks: readonly { readonly status: string; readonly votes: object; readonly workers: readonly Address[] }[];
};

type ErrorJson = { readonly error: { readonly code: string } };

const DAY = 86_400;

/** Addresses and ids are other ones every time, and as long; where a line ends is not to be seen. */
const withoutNames = (text: string): string =>
  text
    .replaceAll(/0x[0-9a-f]+/g, "0x")
    .replaceAll(/ +$/gm, "")
    .trim();

describe("a newcomer to a network that runs elsewhere", function () {
  const market = withLocalMarket(["--workers", "1"]);
  const redis = withRedis();
  let newcomer: Newcomer;
  let endpoint: string;
  let port: number;

  before(async function () {
    newcomer = await arriveAt(market(), "second");
    port = await freePort();
    endpoint = `http://127.0.0.1:${port}`;
  });

  /** Runs a command that must succeed. */
  async function done(account: string, ...args: readonly string[]): Promise<Record<string, unknown>> {
    const { code, json, stderr } = await newcomer.run(account, ...args);
    expect(code, `${args.join(" ")}\n${stderr}`).to.equal(0);
    return json as Record<string, unknown>;
  }

  async function newAccount(name: string, mill: bigint): Promise<Address> {
    const { address, file } = (await done(name, "account", "create", name)) as { address: Address; file: string };
    expect(file).to.equal(join(market().home, "keys", `${name}.json`));
    await fund(market(), address, mill);
    return address;
  }

  describe("with a pool of one's own", function () {
    /** Two workers of one machine in a pool that gives it one vote: what docs/placement.md has, but for addresses and ids. */
    async function expectUnservable(env: Readonly<Record<string, string>>): Promise<void> {
      await newAccount("second-worker", 500n);
      await done("second-worker", "account", "deposit", "400", "--yes");
      await done("second-worker", "account", "bond", "300", "--yes");
      const room = ["--pool", "2", "--slots", "1", "--cpus", "1", "--memory", "1G", "--disk", "1G"];
      const as = ["--network", "second", "--account", "second-worker"];
      await using agent = await startCommand(["worker", "start", ...as, ...room], env);
      const run = ["run", "apps/checksum", "--pool", "2", "--trust", "3", "--input", "README.md", "--yes", "--detach"];
      const { json } = await market().run(run);
      const [{ taskId }] = (json as { tasks: [{ taskId: string }] }).tasks;

      await waitFor("its one vote to be given", async () => {
        const why = (await market().run(["task", "why", taskId])).json as { votes: { out: number }; workers: object[] };
        return why.votes.out === 1 && why.workers.length === 2;
      });
      const { stdout } = await runGridmill(["task", "why", taskId], { env: { GRIDMILL_HOME: market().home } });
      const page = await readFile(join(REPOSITORY, "docs/placement.md"), "utf8");
      const [, recorded] = /^```text\n(task .*?)^```$/ms.exec(page)!;
      expect(withoutNames(stdout)).to.equal(withoutNames(recorded!));
      expect((await agent.stop()).code).to.equal(0);
    }

    it("is registered, staked and offered by commands", async function () {
      const owner = await newAccount("owner", 1_000n);

      const pool = await done("owner", ...["pool", "create", "--endpoint", endpoint, "--stake", "100", "--yes"]);
      const offer = await done(
        "owner",
        ...["pool", "offer", "2", "--price", "2", "--grace", "0", "--lane", "1", "--expires", "1d"],
      );

      expect(pool).to.deep.equal({ id: "2", owner, operator: owner, endpoint });
      expect(offer).to.deep.include({ kind: "pool", signer: owner, status: "active" });
      const { available } = (await done("owner", "account", "show")) as { available: string };
      expect(available).to.equal((100n * 10n ** 18n).toString());
    });

    it("is not started without what it needs, and says what that is", async function () {
      const cases: readonly (readonly [string, readonly string[]])[] = [
        ["GM_USAGE", ["pool", "start"]],
        ["GM_USAGE", ["pool", "start", "--pool", "2"]],
        ["GM_NOT_FOUND", ["pool", "start", "--pool", "77", "--redis", redis().url]],
        ["GM_NOT_OPERATOR", ["pool", "start", "--pool", "1", "--redis", redis().url]],
        ["GM_NO_KEY", ["pool", "start", "--pool", "2", "--redis", redis().url, "--account", "nobody"]],
        ["GM_USAGE", ["worker", "start"]],
        ["GM_USAGE", ["worker", "start", "--pool", "2", "--name", "worker-1"]],
      ];
      for (const [code, args] of cases) {
        const { json } = await newcomer.run("owner", ...args);
        expect((json as { error?: { code: string } }).error?.code, args.join(" ")).to.equal(code);
      }
    });

    it("computes and settles a task with a worker of one's own, and both stop when they are told to", async function () {
      const worker = await newAccount("worker", 500n);
      await done("worker", "account", "deposit", "400", "--yes");
      await done("worker", "account", "bond", "300", "--yes");
      await using dir = await tempDir();
      const env = { ...newcomer.env, GRIDMILL_EPOCH_SECONDS: "1", GRIDMILL_REPLICATE_PERCENT: "0" };
      const as = (account: string) => ["--network", "second", "--account", account];
      const place = ["--pool", "2", "--data", join(dir.path, "pool"), "--redis", redis().url];
      const gate = ["--port", `${port}`, "--lanes", "2"];
      const room = ["--pool", "2", "--slots", "1", "--cpus", "1", "--memory", "1G", "--disk", "1G"];

      await using pool = await startCommand(["pool", "start", ...as("owner"), ...place, ...gate], env);
      const out = join(dir.path, "owner.json");
      const { owner } = await done("owner", "worker", "own", worker, "--out", out);
      await using agent = await startCommand(["worker", "start", ...as("worker"), ...room, "--owner", out], env);
      expect(pool.ready).to.deep.equal({ event: "ready", name: "pool", pool: "2", url: endpoint, data: place[3] });
      expect(agent.ready).to.include({ event: "ready", name: "worker", worker });
      expect(agent.ready["data"]).to.equal(join(market().home, "services/second/worker-worker"));
      const lanes = ["pool", "offer", "2", "--price", "2", "--lane", "2"];
      const beyond = (await newcomer.run("owner", ...lanes)).json as ErrorJson;
      await waitFor("the worker to be listed as its owner's", async () => {
        const { workers } = (await done("owner", "pool", "workers", "2")) as { workers: Record<string, unknown>[] };
        return workers.some((each) => each["worker"] === worker && each["owner"] === owner);
      });

      const run = ["run", "apps/checksum", "--pool", "2", "--trust", "2", "--input", "README.md", "--yes"];
      const { code, json, stderr } = await market().run([...run, "--out", join(dir.path, "out")]);

      expect(code, stderr).to.equal(0);
      const [task] = (json as RunJson).tasks;
      expect(task).to.deep.include({ status: "settled", votes: { agree: 1, differ: 0 }, workers: [worker] });
      expect(beyond.error.code, "an offer in a lane that the pool does not drive").to.equal("GM_BAD_INPUT");
      const { live } = (await done("owner", "pool", "status", "2")) as { live: { epochs: object[] } };
      expect(live.epochs).to.have.length(1);
      expect(live.epochs[0]).to.include({ lane: 1, epoch: 1 });
      expectBalanced(await readBooks(market().chainUrl, market().deployment));
      await expectUnservable(env);
      for (const [service, name] of [
        [agent, "worker"],
        [pool, "pool"],
      ] as const) {
        const { code: ended, said } = await service.stop();
        expect(ended, name).to.equal(0);
        expect(said.at(-1)).to.deep.equal({ event: "stopped", name });
      }
    });
  });

  describe("an account", function () {
    let alice: Address;

    const as = (...args: readonly string[]): Promise<Record<string, unknown>> => done("alice", ...args);
    const refusedAs = async (exit: number, ...args: readonly string[]): Promise<string> => {
      const { code, json } = await newcomer.run("alice", ...args);
      expect(code).to.equal(exit);
      return (json as ErrorJson).error.code;
    };
    const money = async (): Promise<Record<string, unknown>> => {
      const { wallet, available, locked, bonded, unbonding } = await as("account", "show");
      return { wallet, available, locked, bonded, unbonding };
    };
    const mill = (amount: bigint): string => `${amount * MILL}`;

    it("create makes an encrypted key, and never overwrites one", async function () {
      const made = await as("account", "create", "alice");

      expect(made).to.deep.include({ name: "alice", file: join(market().home, "keys/alice.json") });
      alice = made["address"] as Address;
      expect(await refusedAs(3, "account", "create", "alice")).to.equal("GM_KEY_EXISTS");
      const wrong = { ...newcomer.env, GRIDMILL_PASSPHRASE_FILE: join(REPOSITORY, "LICENSE") };
      const args = ["--network", "second", "--account", "alice", "account", "deposit", "1", "--yes"];
      const { code, json } = await market().run(args, { env: wrong });
      expect({ code, error: (json as ErrorJson).error.code }).to.deep.equal({ code: 2, error: "GM_WRONG_PASSPHRASE" });
    });

    it("deposit, withdraw, bond and unbond move MILL from place to place", async function () {
      await fund(market(), alice, 100n);

      const deposited = await as("account", "deposit", "60", "--yes");
      expect(deposited).to.have.all.keys("transactionHash", "gasUsed", "account");
      await as("account", "withdraw", "10", "--yes");
      await as("account", "bond", "30", "--yes");
      await as("account", "unbond", "5", "--yes");

      const places = { wallet: mill(50n), available: mill(20n), locked: mill(30n) };
      expect(await money()).to.deep.equal({ ...places, bonded: mill(25n), unbonding: mill(5n) });
    });

    it("moves nothing that is not there, and nothing unasked", async function () {
      expect(await refusedAs(3, "account", "deposit", "51", "--yes")).to.equal("GM_NO_FUNDS");
      expect(await refusedAs(3, "account", "withdraw", "21", "--yes")).to.equal("GM_NO_FUNDS");
      expect(await refusedAs(3, "account", "bond", "21", "--yes")).to.equal("GM_NO_FUNDS");
      expect(await refusedAs(3, "account", "unbond", "26", "--yes")).to.equal("GM_NO_FUNDS");
      expect(await refusedAs(3, "account", "unbond", "--finish", "--yes")).to.equal("GM_TOO_EARLY");
      expect(await refusedAs(3, "account", "withdraw", "1")).to.equal("GM_NOT_CONFIRMED");
    });

    it("unbond --finish brings the stake home a day later", async function () {
      await rpc(market().chainUrl, "evm_increaseTime", [DAY + 1]);
      await rpc(market().chainUrl, "evm_mine");

      await as("account", "unbond", "--finish", "--yes");

      const places = { wallet: mill(50n), available: mill(25n), locked: mill(25n) };
      expect(await money()).to.deep.equal({ ...places, bonded: mill(25n), unbonding: "0" });
      expect(await refusedAs(3, "account", "unbond", "--finish", "--yes")).to.equal("GM_NO_FUNDS");
    });
  });
});
