import { createServer } from "node:net";
import { once } from "node:events";

import { expect } from "chai";

import { startChild } from "../../../cli/parts/child.ts";
import { leaked, ownChildren, whatIsOpen } from "../../support/leak-check.ts";
import { noteOpen } from "../../support/open-things.ts";
import { tempDir } from "../../support/temp-dir.ts";

describe("leak check", function () {
  it("counts: one more of the same is a leak, one fewer is none", function () {
    expect(leaked(["server"], ["server", "server", "queue"])).to.deep.equal(["server", "queue"]);
    expect(leaked(["server", "queue"], ["queue"])).to.deep.equal([]);
  });

  it("sees a child process, and names it", async function () {
    await using dir = await tempDir();
    const before = await whatIsOpen();
    await using child = await startChild({
      name: "sleeper",
      command: "sleep",
      args: ["60"],
      logFile: `${dir.path}/log`,
    });

    expect(leaked(before, await whatIsOpen())).to.deep.equal(["ProcessWrap"]);
    expect(ownChildren().join()).to.contain(`${child.pid} sleep 60`);
  });

  it("sees a listening server until it is closed", async function () {
    const before = await whatIsOpen();
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");

    const whileOpen = leaked(before, await whatIsOpen());
    server.close();
    await once(server, "close");

    expect(whileOpen).to.deep.equal(["TCPServerWrap"]);
  });

  it("sees what a test has noted itself", async function () {
    const before = await whatIsOpen();
    const closed = [noteOpen("queue"), noteOpen("queue")];

    expect(leaked(before, await whatIsOpen())).to.deep.equal(["queue", "queue (2)"]);

    closed.forEach((close) => close());
    expect(leaked(before, await whatIsOpen())).to.deep.equal([]);
  });
});
