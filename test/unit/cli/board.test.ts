import { expect } from "chai";

import { createPrinter } from "../../../cli/print.ts";
import { changesOf, createBoard, lineOf } from "../../../cli/run/board.ts";
import { failDigest } from "../../../protocol/digest.ts";
import type { TaskView } from "../../../sdk/deals.ts";

const words = { task: "band", nameOf: (worker: string) => `w${worker.at(-1)}` };
const open = { index: 1, status: "open", votes: [], digest: null, waitingFor: null } as unknown as TaskView;
const vote = (worker: string, status: string, more = {}): TaskView["votes"][number] =>
  ({ worker, status, at: 1, ...more }) as TaskView["votes"][number];

describe("changesOf", function () {
  it("tells who began and who is done, once", function () {
    const running = { ...open, votes: [vote("0x1", "running", { stage: "fetching" })] };
    const later = { ...open, votes: [vote("0x1", "running", { stage: "running" })] };
    const done = { ...open, votes: [vote("0x1", "computed"), vote("0x2", "running")] };

    expect(changesOf(open, running, words)).to.deep.equal(["band 1: w1 fetches"]);
    expect(changesOf(running, later, words)).to.deep.equal(["band 1: w1 computes"]);
    expect(changesOf(later, later, words)).to.deep.equal([]);
    expect(changesOf(later, done, words)).to.deep.equal(["band 1: w1 has a result", "band 1: w2 computes"]);
    expect(changesOf(done, done, words)).to.deep.equal([]);
  });

  it("tells why nothing happens, until something does", function () {
    const waiting = { ...open, waitingFor: "all slots taken" };

    expect(changesOf(undefined, waiting, words)).to.deep.equal(["band 1 waits: all slots taken"]);
    expect(changesOf(waiting, waiting, words)).to.deep.equal([]);
  });

  it("tells how it ends, and who was outvoted", function () {
    const sealed = { ...open, status: "sealed", votes: [vote("0x1", "opened"), vote("0x2", "opened")] } as TaskView;
    const settled = { ...sealed, status: "settled", votes: [vote("0x1", "agree"), vote("0x2", "differ")] } as TaskView;

    expect(changesOf(open, sealed, words)).to.deep.equal(["band 1: the votes are sealed on chain"]);
    expect(changesOf(sealed, settled, words)).to.deep.equal([
      "band 1: w2 is outvoted",
      "band 1: settled and paid on chain",
    ]);
    const failed = { ...settled, votes: [], digest: failDigest("time") };
    expect(changesOf(sealed, failed, words)).to.deep.equal(["band 1: settled as failed (time)"]);
  });
});

describe("lineOf", function () {
  it("has all about a task", function () {
    const votes = [vote("0x1", "computed"), vote("0x2", "refused", { code: "GM_BUSY" })];

    expect(lineOf({ ...open, votes }, words)).to.equal("band 1  w1 has a result, w2 refuses (GM_BUSY)");
    expect(lineOf({ ...open, status: "agreed", votes }, words)).to.match(/^band 1 {2}enough votes agree {2}\(/);
    expect(lineOf({ ...open, waitingFor: "no worker" }, words)).to.equal("band 1  waits: no worker");
    expect(lineOf({ ...open, status: "settled", votes }, words)).to.equal("band 1  settled and paid on chain");
  });
});

describe("createBoard", function () {
  function capture(tty: boolean) {
    let err = "";
    const sink = { isTTY: tty, write: (text: string) => void (err += text) };
    return { printer: createPrinter({ json: false, quiet: false, out: sink, err: sink }), text: () => err };
  }

  it("notes each change with the time where it is piped", function () {
    const said = capture(false);
    using board = createBoard(said.printer, { ...words, notes: true });

    board.tell({ ...open, votes: [vote("0x1", "running")] });
    board.say("gas so far: 7");

    expect(said.text()).to.match(/^ +0\.\d s {2}band 1: w1 computes\n +0\.\d s {2}gas so far: 7\n$/);
  });

  it("keeps a line a task on a terminal, in the order of the tasks", function () {
    const said = capture(true);
    using board = createBoard(said.printer, { ...words, notes: true });

    board.tell({ ...open, index: 2 });
    board.tell({ ...open, index: 0 });

    expect(said.text().split("\u001b[0J").at(-1)).to.match(/^band 0 {2}waits\nband 2 {2}waits\n +0\.\d s {2}\n$/);
  });
});
