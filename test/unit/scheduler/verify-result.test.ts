import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";

import { expect } from "chai";
import { pack } from "tar-stream";

import { callbackDigest, digestOf, manifestOf } from "../../../protocol/digest.ts";
import { readCallback, verifyResult } from "../../../scheduler/blobs/verify-result.ts";
import { ResultCorruptError } from "../../../scheduler/errors.ts";

const FILES: Readonly<Record<string, string>> = { "a.txt": "first", "b/c.txt": "second" };

const manifest = (files: Readonly<Record<string, string>>): string =>
  manifestOf(
    Object.entries(files).map(([path, text]) => ({
      path,
      bytes: text.length,
      sha256: createHash("sha256").update(text).digest("hex"),
    })),
    0,
  );

/** A tar with these entries, in this order. */
function tarOf(entries: readonly (readonly [string, string])[]): Promise<Buffer> {
  const archive = pack();
  for (const [name, text] of entries) archive.entry({ name }, text);
  archive.finalize();
  return buffer(archive);
}

const outputs = (files: Readonly<Record<string, string>>): readonly (readonly [string, string])[] =>
  Object.entries(files).map(([path, text]) => [`output/${path}`, text] as const);

const verdictOn = (blob: Buffer): Promise<string> =>
  verdictOf(() => verifyResult(Readable.from([blob]), digestOf(manifest(FILES)), "folder"));

async function verdictOf(read: () => Promise<unknown>): Promise<string> {
  try {
    await read();
    return "accepted";
  } catch (error) {
    return error instanceof ResultCorruptError ? "corrupt" : `${String(error)}`;
  }
}

describe("a result that was uploaded", function () {
  const good = [["manifest", manifest(FILES)], ...outputs(FILES)] as const;

  it("is accepted when every byte is what the digest stands for", async function () {
    expect(await verdictOn(await tarOf(good))).to.equal("accepted");
  });

  const wrong: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
    ["nothing", []],
    ["no manifest", outputs(FILES)],
    [
      "another manifest",
      [
        ["manifest", manifest({ "a.txt": "x" })],
        ["output/a.txt", "x"],
      ],
    ],
    ["a file too few", good.slice(0, -1)],
    ["a file too many", [...good, ["output/z", "z"]]],
    ["files in another order", [good[0], good[2]!, good[1]!]],
    ["another byte", [good[0], ["output/a.txt", "firsT"], good[2]!]],
    ["another name", [good[0], ["output/A.txt", "first"], good[2]!]],
    ["a file outside its output", [good[0], ["../a.txt", "first"], good[2]!]],
  ];
  for (const [what, entries] of wrong) {
    it(`is refused with ${what}`, async function () {
      expect(await verdictOn(await tarOf(entries))).to.equal("corrupt");
    });
  }

  it("is refused when it is no archive, or ends in the middle", async function () {
    const blob = await tarOf(good);

    expect(await verdictOn(Buffer.from("not a tar at all"))).to.not.equal("accepted");
    expect(await verdictOn(blob.subarray(0, 1_100))).to.not.equal("accepted");
    expect(await verdictOn(Buffer.alloc(0))).to.equal("corrupt");
  });
});

describe("an answer for a contract that was uploaded", function () {
  const ANSWER = { callback: "the answer" };
  const digest = callbackDigest(Buffer.from(ANSWER.callback));
  const blobOf = (files: Readonly<Record<string, string>>): Promise<Buffer> =>
    tarOf([["manifest", manifest(files)], ...outputs(files)]);

  it("is read when its bytes are what the digest stands for", async function () {
    const blob = await blobOf(ANSWER);

    expect(Buffer.from(await readCallback(Readable.from([blob]), digest)).toString()).to.equal(ANSWER.callback);
    await verifyResult(Readable.from([blob]), digest, "callback");
  });

  const wrong: Readonly<Record<string, () => Promise<Buffer>>> = {
    "another answer": () => blobOf({ callback: "an answer!" }),
    "no answer": () => blobOf({}),
    "another file beside it": () => blobOf({ ...ANSWER, other: "x" }),
    "a name of its own": () => blobOf({ answer: ANSWER.callback }),
    "more bytes than its manifest says": () =>
      tarOf([["manifest", manifest(ANSWER)], ["output/callback", "the answer and more"]]), // prettier-ignore
    "a manifest alone": () => tarOf([["manifest", manifest(ANSWER)]]),
  };
  for (const [what, blob] of Object.entries(wrong)) {
    it(`is refused with ${what}`, async function () {
      const bytes = await blob();

      expect(await verdictOf(() => readCallback(Readable.from([bytes]), digest))).to.equal("corrupt");
    });
  }

  it("does not pass for a folder, nor a folder for it", async function () {
    const blob = await blobOf(ANSWER);
    const folder = digestOf(manifest(ANSWER));

    expect(await verdictOf(() => verifyResult(Readable.from([blob]), digest, "folder"))).to.equal("corrupt");
    expect(await verdictOf(() => verifyResult(Readable.from([blob]), folder, "callback"))).to.equal("corrupt");
  });
});
