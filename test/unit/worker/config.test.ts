import { expect } from "chai";

import { MILL } from "../../../protocol/amounts.ts";
import { BadConfigError } from "../../../protocol/errors.ts";
import { loadConfig } from "../../../worker/config.ts";

const LEAST = {
  GRIDMILL_RPC_URLS: "http://127.0.0.1:8545",
  GRIDMILL_DEPLOYMENT: "/tmp/deployment.json",
  GRIDMILL_KEY: `0x${"01".repeat(32)}`,
  GRIDMILL_POOL: "3",
};

function problemsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(env);
    return [];
  } catch (error) {
    expect(error).to.be.instanceOf(BadConfigError);
    return (error as BadConfigError).details["problems"] as string[];
  }
}

describe("worker config", function () {
  it("is complete with a chain, a key and a pool", function () {
    const config = loadConfig(LEAST);

    expect(config.rpcUrls).to.deep.equal(["http://127.0.0.1:8545"]);
    expect(config.pool).to.equal(3n);
    expect(config.poolUrl).to.equal(undefined);
    expect(config.slots).to.equal(1);
    expect(config.confirmations).to.equal(5);
    expect(config.maxStake).to.equal(1_000n * MILL);
    expect(config.key).to.deep.equal({ key: LEAST.GRIDMILL_KEY });
    expect(config.allowedImages).to.deep.equal([]);
  });

  it("names every problem, not only the first", function () {
    const problems = problemsOf({ GRIDMILL_RPC_URLS: "nope", GRIDMILL_SLOTS: "0", GRIDMILL_CONFIRMATIONS: "-1" });

    expect(problems.map((problem) => problem.split(":")[0])).to.include.members([
      "GRIDMILL_RPC_URLS.0",
      "GRIDMILL_DEPLOYMENT",
      "GRIDMILL_SLOTS",
      "GRIDMILL_CONFIRMATIONS",
    ]);
  });

  it("wants a pool by address or id", function () {
    const { GRIDMILL_POOL: _pool, ...env } = LEAST;

    expect(problemsOf(env)).to.deep.equal(["GRIDMILL_POOL_URL: name a pool by GRIDMILL_POOL_URL or GRIDMILL_POOL"]);
    expect(loadConfig({ ...env, GRIDMILL_POOL_URL: "https://pool.test" }).poolUrl).to.equal("https://pool.test");
  });

  it("wants a key, or a keystore with its passphrase", function () {
    const { GRIDMILL_KEY: _key, ...env } = LEAST;

    expect(problemsOf(env)).to.have.length(1);
    expect(problemsOf({ ...env, GRIDMILL_KEY_FILE: "k.json" })).to.have.length(1);
    const files = { GRIDMILL_KEY_FILE: "k.json", GRIDMILL_PASSPHRASE_FILE: "p" };
    expect(loadConfig({ ...env, ...files }).key).to.deep.equal({ keyFile: "k.json", passphraseFile: "p" });
  });

  it("takes an empty variable as unset", function () {
    expect(loadConfig({ ...LEAST, GRIDMILL_SLOTS: "", GRIDMILL_IMAGES: "" }).slots).to.equal(1);
  });

  it("reads lists, amounts and engines", function () {
    const config = loadConfig({
      ...LEAST,
      GRIDMILL_RPC_URLS: "http://a.test, https://b.test",
      GRIDMILL_IMAGES: "registry.test/, ghcr.io/x/",
      GRIDMILL_MAX_STAKE: "1.5",
      DOCKER_HOST: "unix:///run/docker.sock",
    });

    expect(config.rpcUrls).to.deep.equal(["http://a.test", "https://b.test"]);
    expect(config.allowedImages).to.deep.equal(["registry.test/", "ghcr.io/x/"]);
    expect(config.maxStake).to.equal(1_500_000_000_000_000_000n);
    expect(config.engine).to.deep.equal({ socketPath: "/run/docker.sock" });
    expect(loadConfig({ ...LEAST, DOCKER_HOST: "tcp://h:1" }).engine).to.deep.equal({ host: "tcp://h:1" });
  });
});
