import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";

import { expect } from "chai";
import { JsonRpcProvider } from "ethers";
import { Redis } from "ioredis";
import { Client } from "pg";

import { LOCAL_CHAIN_ID, startAnvil } from "../../cli/parts/anvil.ts";
import { dockerAnswers, ensureDockerEngine } from "../../cli/parts/docker-engine.ts";
import { PartFailedError } from "../../cli/parts/errors.ts";
import { PortTakenError } from "../../protocol/errors.ts";
import { freePort } from "../../cli/parts/free-port.ts";
import { startRedis } from "../../cli/parts/redis.ts";
import { startRegistry } from "../../cli/parts/registry.ts";
import { testHardhatNode, testPostgres } from "../support/parts.ts";
import { tempDir } from "../support/temp-dir.ts";
import { blockNumber } from "../support/rpc.ts";
import { engineForTests } from "../support/test-docker.ts";
import { waitFor } from "../support/wait-for.ts";

describe("parts", function () {
  describe("Redis", function () {
    it("keeps what was written across a stop and a start", async function () {
      await using dir = await tempDir();
      const place = { port: await freePort(), dataDir: dir.path };
      {
        await using redis = await startRedis(place);
        await ask(redis.url, (client) => client.set("answer", "42"));
      }

      await using again = await startRedis(place);

      expect(await ask(again.url, (client) => client.get("answer"))).to.equal("42");
    });

    it("says whose port it is when the port is taken", async function () {
      await using dir = await tempDir();
      const port = await freePort();
      const squatter = createServer().listen(port, "127.0.0.1");

      const error = await startRedis({ port, dataDir: dir.path }).catch((thrown: unknown) => thrown);

      squatter.close();
      expect(error).to.be.instanceOf(PortTakenError).with.property("details").that.deep.equals({ part: "Redis", port });
    });

    it("gives the end of the log when its data cannot be read", async function () {
      await using dir = await tempDir();
      await mkdir(join(dir.path, "appendonlydir"));
      await writeFile(join(dir.path, "appendonlydir", "appendonly.aof.manifest"), "not a manifest\n");

      const error = await startRedis({ port: await freePort(), dataDir: dir.path }).catch((thrown: unknown) => thrown);

      expect(error).to.be.instanceOf(PartFailedError);
      expect((error as PartFailedError).details["log"]).to.match(/AOF manifest/i);
    });
  });

  describe("Anvil", function () {
    it("mines by itself and goes on from its state after a stop", async function () {
      await using dir = await tempDir();
      const place = { port: await freePort(), dataDir: dir.path };
      const before = await startAnvil(place);
      const mined = await waitFor("two blocks", async () => (await blockNumber(before.url)) >= 2);
      const height = await blockNumber(before.url);
      await before.stop();

      await using again = await startAnvil(place);

      expect(mined).to.equal(true);
      expect(await blockNumber(again.url)).to.be.at.least(height);
    });
  });

  describe("hardhat node", function () {
    it("mines by itself on the local chain id", async function () {
      await using node = await testHardhatNode();
      const provider = new JsonRpcProvider(node.url);

      const { chainId } = await provider.getNetwork();

      provider.destroy();
      expect(chainId).to.equal(BigInt(LOCAL_CHAIN_ID));
    });
  });

  describe("the image registry", function () {
    it("answers the API and stores below its folder", async function () {
      await using dir = await tempDir();
      await using registry = await startRegistry({ port: await freePort(), dataDir: dir.path });

      const catalog = (await (await fetch(`${registry.url}/v2/_catalog`)).json()) as unknown;

      expect(catalog).to.deep.equal({ repositories: [] });
      expect(await readFile(join(dir.path, "config.yml"), "utf8")).to.contain(join(dir.path, "images"));
    });
  });

  describe("PostgreSQL", function () {
    it("answers as the empty database it is", async function () {
      await using postgres = await testPostgres();
      const client = new Client({ connectionString: postgres.url });
      await client.connect();

      const { rows } = await client.query("select count(*)::int as tables from pg_tables where schemaname = 'public'");

      await client.end();
      expect(rows).to.deep.equal([{ tables: 0 }]);
    });
  });

  describe("Docker", function () {
    it("uses the engine that answers, and leaves it running", async function () {
      const { url: host } = await engineForTests();
      await using dir = await tempDir();

      const engine = await ensureDockerEngine({ host, logDir: dir.path });
      await engine.stop();

      expect(engine.pid).to.equal(undefined);
      expect(await dockerAnswers(host)).to.equal(true);
    });

    it("starts an engine where none answers, and stops it", async function () {
      await using dir = await tempDir();
      const host = `unix://${join(dir.path, "docker.sock")}`;
      const folders = ["data-root", "exec-root"].map((name) => `--${name}=${join(dir.path, name)}`);
      const aloof = ["--iptables=false", "--ip-forward=false", `--pidfile=${join(dir.path, "pid")}`];
      const daemon = ["unshare", "--net", "dockerd", ...folders, ...aloof] as const;

      const engine = await ensureDockerEngine({ host, logDir: dir.path, daemon: [...daemon] });
      const answered = await dockerAnswers(host);
      await engine.stop();

      expect(answered).to.equal(true);
      expect(await dockerAnswers(host)).to.equal(false);
    });

    it("does not try to start an engine on another machine", async function () {
      const host = `tcp://127.0.0.1:${await freePort()}`;

      const error = await ensureDockerEngine({ host, logDir: "/nonexistent" }).catch((thrown: unknown) => thrown);

      expect(error).to.be.instanceOf(PartFailedError).with.property("hint").that.contains("DOCKER_HOST");
    });
  });
});

async function ask<T>(url: string, question: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url);
  try {
    return await question(client);
  } finally {
    client.disconnect();
  }
}
