import { expect } from "chai";

import { BadConfigError } from "../../../protocol/errors.ts";
import { loadConfig } from "../../../scheduler/config.ts";
import { SEAL_MARGIN_SECONDS } from "../../../scheduler/domain/epochs/ballot-check.ts";

const GOOD = {
  REDIS_URL: "redis://127.0.0.1:6379",
  GRIDMILL_RPC_URLS: "http://a.example, https://b.example",
  GRIDMILL_DEPLOYMENT: "deployment.json",
  GRIDMILL_POOL: "340282366920938463463374607431768211456",
  GRIDMILL_MARKET_URL: "http://market.example",
  GRIDMILL_DATA: "data",
  GRIDMILL_KEY: "0x01",
};

function problemsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(env);
    return [];
  } catch (error) {
    expect(error).to.be.instanceOf(BadConfigError);
    return (error as BadConfigError).details["problems"] as readonly string[];
  }
}

const without = (name: keyof typeof GOOD): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(GOOD).filter(([key]) => key !== name));

describe("the scheduler's configuration", function () {
  it("needs no more than what cannot be guessed", function () {
    const config = loadConfig(GOOD);

    expect(config.rpcUrls).to.deep.equal(["http://a.example", "https://b.example"]);
    expect(config.pool).to.equal(2n ** 128n);
    expect(config).to.include({ confirmations: 5, host: "127.0.0.1", port: 8_470, lanes: 1, replicateChance: 0.1 });
    expect(config).to.include({ spotCheckChance: 0.1 });
    expect(config).to.include({ blobQuotaBytes: 4 * 1024 ** 3, retentionMs: 72 * 3_600_000, publicUrl: undefined });
    expect(Object.isFrozen(config)).to.equal(true);
  });

  it("believes no proxy that it was not told of, and no name for one", function () {
    expect(loadConfig(GOOD).proxies).to.deep.equal([]);
    expect(loadConfig({ ...GOOD, GRIDMILL_PROXIES: "127.0.0.1, 10.0.0.0/8" }).proxies).to.deep.equal([
      "127.0.0.1",
      "10.0.0.0/8",
    ]);
    expect(problemsOf({ ...GOOD, GRIDMILL_PROXIES: "proxy.example" }).join()).to.contain("GRIDMILL_PROXIES");
  });

  it("lets one machine vote once, unless it is told otherwise", function () {
    expect(loadConfig(GOOD).sameMachineVotes).to.equal(false);
    expect(loadConfig({ ...GOOD, GRIDMILL_SAME_MACHINE_VOTES: "true" }).sameMachineVotes).to.equal(true);
  });

  it("leaves a task out of an epoch whose ballots might end before its seal", function () {
    const { epochs } = loadConfig({ ...GOOD, GRIDMILL_BALLOT_SECONDS: "100" });

    expect(epochs.sealMarginSeconds).to.be.greaterThan(epochs.ballotSeconds + SEAL_MARGIN_SECONDS);
  });

  for (const name of Object.keys(GOOD) as (keyof typeof GOOD)[]) {
    it(`has no default for ${name}`, function () {
      const named = name === "GRIDMILL_KEY" ? "GRIDMILL_KEY_FILE" : name;

      expect(problemsOf(without(name)).map((problem) => problem.split(":")[0])).to.deep.equal([named]);
    });
  }

  it("takes a keystore in the place of a bare key", function () {
    const keystore = { GRIDMILL_KEY_FILE: "key.json", GRIDMILL_PASSPHRASE_FILE: "passphrase" };
    expect(problemsOf({ ...without("GRIDMILL_KEY"), ...keystore })).to.deep.equal([]);
    expect(problemsOf({ ...without("GRIDMILL_KEY"), ...keystore, GRIDMILL_PASSPHRASE_FILE: undefined })).to.have.length(
      1,
    );
  });

  const wrong: readonly (readonly [string, string])[] = [
    ["REDIS_URL", "http://127.0.0.1"],
    ["GRIDMILL_RPC_URLS", ""],
    ["GRIDMILL_RPC_URLS", "http://a.example,nonsense"],
    ["GRIDMILL_RPC_URLS", "ws://a.example"],
    ["GRIDMILL_CONFIRMATIONS", "-1"],
    ["GRIDMILL_CONFIRMATIONS", ""],
    ["GRIDMILL_CONFIRMATIONS", "1001"],
    ["GRIDMILL_POOL", "one"],
    ["GRIDMILL_PORT", "65536"],
    ["GRIDMILL_LANES", "0"],
    ["GRIDMILL_LANES", "257"],
    ["GRIDMILL_EPOCH_TASKS", "0"],
    ["GRIDMILL_EPOCH_TASKS", "6001"],
    ["GRIDMILL_REPLICATE_PERCENT", "101"],
    ["GRIDMILL_SAME_MACHINE_VOTES", "yes"],
    ["GRIDMILL_SAME_MACHINE_VOTES", ""],
    ["GRIDMILL_EPOCH_SECONDS", "1.5"],
    ["GRIDMILL_PUBLIC_URL", "pool.example"],
    ["GRIDMILL_LOG_LEVEL", "loud"],
  ];
  for (const [name, value] of wrong) {
    it(`refuses ${name}=${value}`, function () {
      expect(problemsOf({ ...GOOD, [name]: value }).map((problem) => problem.split(/[.:]/)[0])).to.include(name);
    });
  }

  it("lets an epoch have as many tasks as one message holds", function () {
    expect(loadConfig({ ...GOOD, GRIDMILL_EPOCH_TASKS: "6000" }).epochs.maxTasks).to.equal(6_000);
  });

  it("names every fault at once", function () {
    const env = { ...GOOD, REDIS_URL: "nope", GRIDMILL_LANES: "0", GRIDMILL_PORT: "-1" };

    expect(problemsOf(env)).to.have.lengthOf(3);
  });
});
