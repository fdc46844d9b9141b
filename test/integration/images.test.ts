import { createHash, randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect } from "chai";

import { ensureBaseImage } from "../../cli/images/base-image.ts";
import { buildImage } from "../../cli/images/build-image.ts";
import { imageEngine, type ImageEngine } from "../../cli/images/engine.ts";
import { BadAppError, ImageBuildError, ImagePushError } from "../../cli/images/errors.ts";
import { pushImage } from "../../cli/images/push-image.ts";
import { resolveDigest, type PinnedImage } from "../../cli/images/resolve-digest.ts";
import { freePort } from "../../cli/parts/free-port.ts";
import { EngineUnreachableError, ImageNotFoundError, RegistryUnreachableError } from "../../worker/executor/errors.ts";
import { buildApp, FIRST_BUILD_MS } from "../support/app-images.ts";
import { withDocker, withRegistry } from "../support/parts.ts";
import { startStumblingRegistry } from "../support/stumbling-registry.ts";
import { tempDir } from "../support/temp-dir.ts";

const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

describe("app images", function () {
  const docker = withDocker();
  const registry = withRegistry();
  let engine: ImageEngine;
  let base: string;

  before(async function () {
    this.timeout(FIRST_BUILD_MS);
    engine = imageEngine(docker().url);
    base = await ensureBaseImage({ engine });
  });

  const inRegistry = (name: string): string => `${new URL(registry().url).host}/${name}`;

  async function inFolderWith(dockerfile: string, use: (contextDir: string) => Promise<unknown>): Promise<unknown> {
    await using dir = await tempDir();
    await writeFile(join(dir.path, "Dockerfile"), dockerfile);
    return await use(dir.path).catch((thrown: unknown) => thrown);
  }

  describe("buildImage", function () {
    it("tells the output as it comes, and gives the image", async function () {
      const lines: string[] = [];
      const tag = "gridmill-test/hello";
      // New words, since a step that the engine has in its cache is not run and says nothing.
      const words = `hello ${randomUUID()}`;

      const built = await inFolderWith(`FROM ${base}\nRUN echo ${words}\n`, (contextDir) =>
        buildImage({ engine, contextDir, tag, onProgress: (line) => lines.push(line) }),
      );

      const { Id } = await engine.getImage(tag).inspect();
      await engine.getImage(tag).remove();
      expect(built).to.deep.equal({ imageId: Id });
      expect(lines).to.include.members([`Step 1/2 : FROM ${base}`, words]);
    });

    it("gives the last lines of a step that fails", async function () {
      const error = await inFolderWith(`FROM ${base}\nRUN echo no such luck; exit 7\n`, (contextDir) =>
        buildImage({ engine, contextDir, tag: "gridmill-test/broken" }),
      );

      expect(error).to.be.instanceOf(ImageBuildError).with.property("message").that.includes("non-zero code: 7");
      expect((error as ImageBuildError).details["log"]).to.include("no such luck");
    });

    it("refuses a Dockerfile that is none", async function () {
      const error = await inFolderWith("COOK dinner\n", (contextDir) =>
        buildImage({ engine, contextDir, tag: "gridmill-test/broken" }),
      );

      expect(error).to.be.instanceOf(ImageBuildError).with.property("message").that.matches(/COOK/);
    });

    it("refuses a folder without a Dockerfile", async function () {
      await using dir = await tempDir();

      const error = await buildImage({ engine, contextDir: dir.path, tag: "x" }).catch((thrown: unknown) => thrown);

      expect(error).to.be.instanceOf(BadAppError).with.property("message").that.includes("has no Dockerfile");
    });

    it("stops when told to, with the reason it was given", async function () {
      const stop = new AbortController();
      const reason = new Error("enough");

      const error = await inFolderWith(`FROM ${base}\nRUN echo started; sleep 600\n`, (contextDir) =>
        buildImage({
          engine,
          contextDir,
          tag: "gridmill-test/slow",
          signal: stop.signal,
          onProgress: (line) => line === "started" && stop.abort(reason),
        }),
      );

      expect(error).to.equal(reason);
    });

    it("says so when no engine answers", async function () {
      await using dir = await tempDir();
      const nobody = imageEngine(`unix://${dir.path}/none.sock`);

      const error = await inFolderWith("FROM scratch\n", (contextDir) =>
        buildImage({ engine: nobody, contextDir, tag: "x" }),
      );

      expect(error).to.be.instanceOf(EngineUnreachableError);
    });
  });

  describe("pushImage and resolveDigest", function () {
    let image: string;
    let pushed: PinnedImage;

    before(async function () {
      this.timeout(60_000);
      ({ image } = await buildApp(docker().url, "apps/checksum"));
      pushed = await pushImage({ engine, image, name: inRegistry("checksum:1.0.0") });
    });

    it("pins the image by the digest of what the registry holds", async function () {
      const Accept = "application/vnd.docker.distribution.manifest.v2+json";
      const answer = await fetch(`${registry().url}/v2/checksum/manifests/1.0.0`, { headers: { Accept } });
      const digest = `sha256:${sha256(Buffer.from(await answer.arrayBuffer()))}`;

      expect(pushed).to.deep.equal({
        reference: `${inRegistry("checksum")}@${digest}`,
        repository: inRegistry("checksum"),
        digest,
      });
    });

    it("finds the same image by its tag and by its digest", async function () {
      expect(await resolveDigest({ engine, name: inRegistry("checksum:1.0.0") })).to.deep.equal(pushed);
      expect(await resolveDigest({ engine, name: pushed.reference })).to.deep.equal(pushed);
    });

    for (const name of ["checksum:9.9.9", "nobody", `checksum@sha256:${"0".repeat(64)}`]) {
      it(`does not find ${name.slice(0, 20)}`, async function () {
        const error = await resolveDigest({ engine, name: inRegistry(name) }).catch((thrown: unknown) => thrown);

        expect(error).to.be.instanceOf(ImageNotFoundError);
      });
    }

    it("tells a registry that does not answer from an image that does not exist", async function () {
      const name = `127.0.0.1:${await freePort()}/checksum:1.0.0`;

      const resolving = await resolveDigest({ engine, name }).catch((thrown: unknown) => thrown);
      const pushing = await pushImage({ engine, image, name }).catch((thrown: unknown) => thrown);

      expect(resolving).to.be.instanceOf(RegistryUnreachableError);
      expect(pushing).to.be.instanceOf(ImagePushError);
    });

    it("waits for a registry that stumbles", async function () {
      await using stumbling = await startStumblingRegistry(registry().url);
      const name = `${stumbling.host}/checksum:1.0.0`;

      stumbling.stumble(2);
      const { digest } = await pushImage({ engine, image, name });
      stumbling.stumble(3);
      const resolved = await resolveDigest({ engine, name });

      expect([digest, resolved.digest]).to.deep.equal([pushed.digest, pushed.digest]);
      expect(stumbling.stumbles()).to.equal(0);
    });

    it("gives up on one that does nothing but stumble", async function () {
      await using stumbling = await startStumblingRegistry(registry().url);
      stumbling.stumble(Infinity);

      const error = await resolveDigest({ engine, name: `${stumbling.host}/checksum:1.0.0` }).catch(
        (thrown: unknown) => thrown,
      );

      expect(error).to.be.instanceOf(RegistryUnreachableError);
    });

    it("does not push what this machine does not have", async function () {
      const error = await pushImage({ engine, image: "gridmill-test/never-built", name: inRegistry("x") }).catch(
        (thrown: unknown) => thrown,
      );

      expect(error)
        .to.be.instanceOf(ImagePushError)
        .with.property("message")
        .that.matches(/No such image/);
    });
  });
});
