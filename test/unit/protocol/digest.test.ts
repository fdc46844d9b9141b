import { createHash } from "node:crypto";

import { expect } from "chai";
import { keccak256, toUtf8Bytes } from "ethers";
import fc from "fast-check";

import {
  FAIL_REASONS,
  MACHINE_DEPENDENT_REASONS,
  callbackDigest,
  callbackFault,
  digestOf,
  failDigest,
  failPreimageOf,
  failReasonOf,
  failText,
  isCallbackManifest,
  isOutputPath,
  manifestOf,
  parseManifest,
} from "../../../protocol/digest.ts";
import type { OutputFile } from "../../../protocol/digest.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const fileOf = (path: string, text = path): OutputFile => ({
  ...{ path, bytes: Buffer.byteLength(text), sha256: sha256(text) },
});

const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const HELLO = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
/** What `sha256sum` prints, with the bytes between. */
const GOLDEN = `${HELLO}  6  hello.txt\n${EMPTY}  0  sub/empty file\nexit 0\n`;
const GOLDEN_FILES = [fileOf("sub/empty file", ""), fileOf("hello.txt", "hello\n")];

const somePath = fc
  .array(fc.string({ unit: "binary", minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join("/"))
  .filter((path) => path.isWellFormed() && isOutputPath(path));
const someFiles = fc.uniqueArray(somePath, { maxLength: 6 }).map((paths) => paths.map((path) => fileOf(path)));
const someExit = fc.nat({ max: 255 });

describe("result digests", function () {
  describe("manifestOf", function () {
    it("is a line for each file as sha256sum has it, with its bytes, then the exit code", function () {
      expect(manifestOf(GOLDEN_FILES, 0)).to.equal(GOLDEN);
    });

    it("of no output is the exit code alone", function () {
      expect(manifestOf([], 0)).to.equal("exit 0\n");
      expect(manifestOf([], 137)).to.equal("exit 137\n");
    });

    it("sorts by the bytes of the path: a name before what begins with it, accents after z, emoji last", function () {
      const sorted = ["A", "a", "a b", "a.txt", "a/b", "ab", "z", "é", "～", "😀"];

      const paths = manifestOf(
        sorted.toReversed().map((path) => fileOf(path)),
        0,
      )
        .split("\n")
        .slice(0, -2)
        .map((line) => line.split("  ").at(-1));

      expect(paths).to.deep.equal(sorted);
    });

    it("does not depend on the order in which files are found", function () {
      fc.assert(
        fc.property(someFiles, someExit, (files, exit) => {
          const byBytes = files.toSorted((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
          expect(manifestOf(files, exit)).to.equal(manifestOf(byBytes, exit));
          expect(parseManifest(manifestOf(files, exit))!.files).to.deep.equal(byBytes);
        }),
      );
    });
  });

  describe("parseManifest", function () {
    it("reads back every manifest there can be", function () {
      fc.assert(
        fc.property(someFiles, someExit, (files, exitCode) => {
          const read = parseManifest(manifestOf(files, exitCode))!;
          expect(read.exitCode).to.equal(exitCode);
          expect(read.files).to.have.deep.members(files);
        }),
      );
    });

    it("reads names with line separators of Unicode, which are no line ends here", function () {
      const files = [fileOf("a\u2028b"), fileOf("c\u2029exit 1")];

      expect(parseManifest(manifestOf(files, 3))).to.deep.equal({ files, exitCode: 3 });
    });

    it("never reads a text of which one byte was changed, lost or added as what it was", function () {
      const bytes = Buffer.from(GOLDEN);
      const change = fc.record({
        at: fc.nat({ max: bytes.length - 1 }),
        lost: fc.nat({ max: 1 }),
        put: fc.uint8Array({ maxLength: 1 }),
      });
      fc.assert(
        fc.property(change, ({ at, lost, put }) => {
          const text = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + lost)]).toString("utf8");
          fc.pre(text !== GOLDEN);
          const read = parseManifest(text);
          if (read) expect(manifestOf(read.files, read.exitCode)).to.equal(text).and.not.equal(GOLDEN);
        }),
        { numRuns: 1_000 },
      );
    });

    it("refuses every form but the one that is signed", function () {
      const lines = GOLDEN.split("\n");
      const forms = {
        nothing: "",
        "no exit": `${lines[0]}\n`,
        "no last newline": GOLDEN.slice(0, -1),
        "one newline more": `${GOLDEN}\n`,
        "a blank line": GOLDEN.replace("\n", "\n\n"),
        "a line after the exit": `${GOLDEN}${lines[0]}\n`,
        "two exits": `${GOLDEN}exit 0\n`,
        "lines of Windows": GOLDEN.replaceAll("\n", "\r\n"),
        unsorted: `${lines[1]}\n${lines[0]}\n${lines[2]}\n`,
        capitals: GOLDEN.replace(HELLO, HELLO.toUpperCase()),
        "a digit less": GOLDEN.replace(HELLO, HELLO.slice(1)),
        "one blank": GOLDEN.replace("  6  ", "  6 "),
        "sha256sum's own form": GOLDEN.replace("  6  ", "  "),
        "a size with zeros": GOLDEN.replace("  6  ", "  06  "),
        "a negative size": GOLDEN.replace("  6  ", "  -6  "),
        "a size that is no number": GOLDEN.replace("  6  ", "  9999999999999999  "),
        "no path": GOLDEN.replace("hello.txt", ""),
        "an exit with zeros": GOLDEN.replace("exit 0", "exit 00"),
        "an exit of four digits": GOLDEN.replace("exit 0", "exit 1000"),
        "a negative exit": GOLDEN.replace("exit 0", "exit -1"),
        "a failure": failText("disk"),
      };

      const accepted = Object.entries(forms).filter(([, text]) => parseManifest(text) !== undefined);
      expect(accepted).to.deep.equal([]);
      expect(parseManifest(GOLDEN)).to.not.equal(undefined);
    });
  });

  it("a digest is keccak256 of the text", function () {
    expect(digestOf(GOLDEN)).to.equal(keccak256(toUtf8Bytes(GOLDEN)));
    expect(digestOf("")).to.equal("0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
  });

  describe("failures", function () {
    it("are a closed list, each with a digest of its own", function () {
      expect([...FAIL_REASONS]).to.deep.equal([
        ...["time", "memory", "disk", "output-name", "output-kind", "params", "log-size"],
        ...["exit", "callback"],
      ]);
      expect(new Set(FAIL_REASONS.map(failDigest)).size).to.equal(9);
      expect([...MACHINE_DEPENDENT_REASONS]).to.deep.equal(["time", "memory"]);
    });

    it("are the hash of fail, the reason and a newline", function () {
      expect(failText("output-name")).to.equal("fail output-name\n");
      expect(failDigest("output-name")).to.equal(digestOf("fail output-name\n"));
    });

    it("are known by their digest, and no result is taken for one", function () {
      for (const reason of FAIL_REASONS) expect(failReasonOf(failDigest(reason))).to.equal(reason);
      expect(failReasonOf(digestOf(GOLDEN))).to.equal(undefined);
      expect(failReasonOf(digestOf("fail other\n"))).to.equal(undefined);
    });
  });

  describe("isOutputPath", function () {
    it("accepts relative paths of any readable letters", function () {
      const good = [
        "a",
        "a/b/c",
        ".hidden",
        "..a",
        "a..",
        "...",
        "a b",
        " ",
        "-rf",
        "a\\b",
        "é",
        "結果.txt",
        "😀",
        "\u2028",
      ];

      expect(good.filter((path) => !isOutputPath(path))).to.deep.equal([]);
    });

    it("refuses what leaves the folder, is empty, or cannot stand in a line", function () {
      const bad = ["", "/", "/a", "a/", "a//b", ".", "..", "./a", "../a", "a/./b", "a/../b", "a/.."];
      const unreadable = [
        "a\n",
        "a\nexit 0",
        "a\r",
        "a\tb",
        "a\0",
        "\u001b[31m",
        "\u007f",
        "\u0085",
        "\uFFFD",
        "\ud800",
      ];

      expect([...bad, ...unreadable].filter(isOutputPath)).to.deep.equal([]);
    });

    it("counts bytes, not letters, and stops at 1,024", function () {
      expect(isOutputPath("a".repeat(1_024))).to.equal(true);
      expect(isOutputPath("a".repeat(1_025))).to.equal(false);
      expect(isOutputPath("é".repeat(512))).to.equal(true);
      expect(isOutputPath(`${"é".repeat(512)}a`)).to.equal(false);
    });
  });

  describe("callbackDigest", function () {
    it("is keccak256 of a prefix and the data, so that no manifest can be passed off as data", function () {
      const data = Uint8Array.of(1, 2, 255);

      expect(callbackDigest(data)).to.equal(keccak256(Buffer.concat([Buffer.from("gridmill.callback"), data])));
      expect(callbackDigest(new Uint8Array())).to.equal(digestOf("gridmill.callback"));
      expect(callbackDigest(toUtf8Bytes(GOLDEN))).to.not.equal(digestOf(GOLDEN));
    });
  });

  describe("an answer for a contract", function () {
    const manifest = (...files: readonly (readonly [string, number])[]) => ({
      files: files.map(([path, bytes]) => ({ path, bytes, sha256: "00".repeat(32) })),
      exitCode: 0,
    });

    it("has one byte at least and 4,096 at most", function () {
      expect([1, 4_096].map((bytes) => callbackFault(0, bytes))).to.deep.equal([undefined, undefined]);
      expect([undefined, 0, 4_097].map((bytes) => callbackFault(0, bytes))).to.deep.equal([
        "callback",
        "callback",
        "callback",
      ]);
    });

    it("is none of an app that ended with an error, whatever that wrote", function () {
      expect(callbackFault(1, 32)).to.equal("exit");
      expect(callbackFault(1, undefined)).to.equal("exit");
    });

    it("stands alone in its manifest, since the digest covers nothing else", function () {
      expect(isCallbackManifest(manifest(["callback", 32]))).to.equal(true);
      const others = [
        manifest(),
        manifest(["callback", 0]),
        manifest(["other", 32]),
        manifest(["callback", 32], ["z", 1]),
      ];
      expect(others.filter(isCallbackManifest)).to.deep.equal([]);
      expect(isCallbackManifest({ ...manifest(["callback", 32]), exitCode: 1 })).to.equal(false);
    });

    it("is, where it failed, the text whose hash was voted", function () {
      for (const reason of FAIL_REASONS) {
        expect(keccak256(failPreimageOf(failDigest(reason))!)).to.equal(failDigest(reason));
      }
      expect(failPreimageOf(callbackDigest(Uint8Array.of(1)))).to.equal(undefined);
    });
  });
});
