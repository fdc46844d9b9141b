import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";

import { pack } from "tar-stream";

import { imageEngine } from "../../cli/images/engine.ts";
import { pushImage } from "../../cli/images/push-image.ts";

export type TestImageOptions = {
  readonly dockerHost: string;
  readonly registryUrl: string;
  /** Lines of a Dockerfile that set something: `CMD`, `ENTRYPOINT`, `VOLUME`, `ENV`. Default: `CMD ["sh"]`. */
  readonly changes?: readonly string[];
};

/** An image in a registry, and on this machine until it is disposed of. */
export interface TestImage extends AsyncDisposable {
  /** Pinned by its digest. */
  readonly reference: string;
}

let made = 0;

/**
 * An image of one static program that is all the usual commands. Besides there are `/scratch`, where anybody may write
 * and `present` lies, and `/secret`, which root alone may read.
 */
export async function busyboxImage(options: TestImageOptions): Promise<TestImage> {
  const engine = imageEngine(options.dockerHost);
  const name = `${new URL(options.registryUrl).host}/gridmill-test-${process.pid}-${++made}`;
  const changes = [...(options.changes ?? [`CMD ["sh"]`])];
  const imported = await engine.importImage(Readable.from(rootFileSystem()), { repo: name, tag: "1", changes });
  await text(imported);
  const { reference } = await pushImage({ engine, image: `${name}:1`, name: `${name}:1` });
  const remove = async (): Promise<void> => {
    for (const known of [`${name}:1`, reference]) {
      await engine
        .getImage(known)
        .remove({ force: true })
        .catch(() => {}); // the first removal may take the other name along
    }
  };
  return { reference, [Symbol.asyncDispose]: remove };
}

function rootFileSystem(): AsyncIterable<Buffer> {
  const path = busyboxPath();
  const archive = pack();
  const common = { mtime: new Date(0), uid: 0, gid: 0 };
  for (const folder of ["bin", "etc", "proc", "sys", "dev"]) {
    archive.entry({ ...common, name: folder, type: "directory", mode: 0o755 });
  }
  for (const folder of ["tmp", "scratch"]) {
    archive.entry({ ...common, name: folder, type: "directory", mode: 0o1777 });
  }
  archive.entry({ ...common, name: "bin/busybox", mode: 0o755 }, readFileSync(path));
  archive.entry({ ...common, name: "scratch/present", mode: 0o644 }, "from the image\n");
  archive.entry({ ...common, name: "secret", mode: 0o600 }, "for root alone\n");
  const applets = execFileSync(path, ["--list"], { encoding: "utf8" }).split("\n");
  for (const applet of applets.filter((name) => name !== "" && name !== "busybox")) {
    archive.entry({ ...common, name: `bin/${applet}`, type: "symlink", linkname: "busybox" });
  }
  archive.finalize();
  return archive as AsyncIterable<Buffer>;
}

function busyboxPath(): string {
  try {
    return execFileSync("sh", ["-c", "command -v busybox"], { encoding: "utf8" }).trim();
  } catch (cause) {
    throw new Error("there is no busybox (Debian package busybox-static); run: sh scripts/setup.sh", { cause });
  }
}
