import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";

import { expect } from "chai";
import { pack } from "tar-stream";

import { digestOf, failDigest, failText, manifestOf } from "../../../protocol/digest.ts";
import type { Hash } from "../../../protocol/primitives.ts";
import { MAX_SHOWN_BYTES } from "../../../protocol/messages.ts";
import { readManifest } from "../../../worker/blobs/read-manifest.ts";
import { writeResultBlob } from "../../../worker/executor/result-blob.ts";
import { epochKey } from "../../../worker/journal/journal.ts";
import { showManifest } from "../../../worker/voting/show-manifest.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { aLease, POOL, silent } from "./fakes.ts";
import { aVoting, ballotWanted } from "./voting.ts";
import type { Voting } from "./voting.ts";

const MANIFEST = manifestOf([], 0);

describe("showing what a vote says", function () {
  const lease = aLease();
  const { taskId } = lease;

  const show = async (voting: Voting, task: Hash = taskId, read = () => Promise.resolve(MANIFEST)): Promise<object> => {
    const send = voting.sent.push.bind(voting.sent);
    await showManifest(task, POOL, {
      ...voting,
      readManifest: read,
      send: (message) => void send(message),
      log: silent,
    });
    return voting.sent.at(-1)!;
  };

  /** With the vote of one task. */
  async function withVote(): Promise<Voting> {
    const voting = aVoting();
    await voting.votes.record(lease, {
      digest: digestOf(MANIFEST),
      result: { path: "blob", sha256: "ab".repeat(32), bytes: 1 },
    });
    return voting;
  }

  it("gives up a vote that stands in no ballot, for ever, before it says a word of it", async function () {
    const voting = await withVote();
    let standing: string | undefined;
    const { send } = { send: () => void (standing = voting.votes.get(taskId)?.standing) };
    await showManifest(taskId, POOL, { ...voting, readManifest: () => Promise.resolve(MANIFEST), send, log: silent });

    expect(standing).to.equal("closed");
    const { ballots } = voting.restart();
    const ballot = await ballots.ballotFor(ballotWanted(1, [taskId])).catch((error: { code: string }) => error.code);
    expect(ballot).to.equal("GM_NOTHING_TO_VOTE");
    expect(await show(voting), "asked again it says the same").to.deep.equal({
      type: "manifest",
      taskId,
      text: MANIFEST,
    });
  });

  it("shows a pool nothing of a vote for another, which stays as it is", async function () {
    const voting = await withVote();
    const send = voting.sent.push.bind(voting.sent);
    const deps = { ...voting, readManifest: () => Promise.resolve(MANIFEST), log: silent };
    await showManifest(taskId, POOL + 1n, { ...deps, send: (message) => void send(message) });

    expect(voting.sent.at(-1)).to.deep.include({ type: "manifest-refused", taskId, code: "GM_RESULT_GONE" });
    expect(voting.votes.get(taskId)?.standing).to.equal("computed");
  });

  it("keeps a vote whose ballot is signed, until it is open, and then gives nothing up", async function () {
    const voting = await withVote();
    const ballot = await voting.ballots.ballotFor(ballotWanted(1, [taskId]));

    expect(await show(voting)).to.deep.include({ type: "manifest-refused", taskId, code: "GM_NOT_OPENED" });
    expect(voting.votes.get(taskId)?.standing).to.equal("computed");

    await voting.journal.ballots.change(epochKey(ballot), (now) => ({ ...now!, ended: "expired" }));
    expect(await show(voting), "a reorganisation may bring it back").to.deep.include({ type: "manifest-refused" });
    expect(voting.votes.get(taskId)?.standing).to.equal("computed");

    await voting.journal.ballots.change(epochKey(ballot), (now) => ({ ...now!, opened: true }));
    expect(await show(voting)).to.deep.equal({ type: "manifest", taskId, text: MANIFEST });
    expect(voting.votes.get(taskId)).to.deep.include({ standing: "computed" }).and.to.not.have.property("givenUpAt");
  });

  it("keeps a vote that the chain keeps", async function () {
    const voting = await withVote();
    await voting.votes.keep(taskId, { at: 1 });

    expect(await show(voting)).to.deep.include({ type: "manifest-refused", code: "GM_NOT_OPENED" });
  });

  it("gives up ten votes, and not an eleventh", async function () {
    const voting = aVoting();
    const leases = Array.from({ length: 11 }, (_unused, index) => aLease({ index }));
    for (const each of leases) await voting.votes.record(each, { digest: failDigest("disk"), failed: "disk" });

    const answers: object[] = [];
    for (const each of leases) answers.push(await show(voting, each.taskId));

    expect(answers.slice(0, 10)).to.deep.equal(
      leases.slice(0, 10).map((each) => ({ type: "manifest", taskId: each.taskId, text: failText("disk") })),
    );
    expect(answers[10]).to.deep.include({ type: "manifest-refused", code: "GM_NOT_OPENED" });
  });

  it("has nothing to show of a task that it has no vote for", async function () {
    expect(await show(aVoting())).to.deep.include({ type: "manifest-refused", taskId, code: "GM_RESULT_GONE" });
  });

  it("reads the manifest from the result, whatever comes behind it", async function () {
    await using dir = await tempDir();
    const [blob, spoolPath] = [join(dir.path, "blob"), join(dir.path, "file")];
    await writeFile(spoolPath, "x".repeat(100_000));
    const sha256 = createHash("sha256").update("x".repeat(100_000)).digest("hex");
    const file = { path: "frame", bytes: 100_000, sha256, spoolPath };
    const manifest = manifestOf([file], 3);
    await writeResultBlob(blob, manifest, [file]);
    expect(await readManifest(blob)).to.equal(manifest);

    const gone = (path: string): Promise<string> =>
      readManifest(path).catch((error: { code: string; message: string }) => `${error.code}: ${error.message}`);
    const archive = pack();
    archive.entry({ name: "manifest" }, "x".repeat(MAX_SHOWN_BYTES + 1));
    archive.finalize();
    await writeFile(blob, await buffer(archive));
    expect(await gone(blob)).to.equal("GM_RESULT_GONE: The manifest of that vote is too large to be shown");
    expect(await gone(join(dir.path, "none"))).to.equal("GM_RESULT_GONE: The result of that vote cannot be read");
  });
});
