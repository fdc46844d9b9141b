import { createServer } from "node:net";
import { once } from "node:events";

import { expect } from "chai";

import { PortTakenError } from "../../../../protocol/errors.ts";
import { assertPortFree, freePort } from "../../../../cli/parts/free-port.ts";
import { until } from "../../../../cli/parts/until.ts";

describe("until", function () {
  it("takes an error for 'not yet'", async function () {
    let looks = 0;
    const probe = (): boolean => {
      if (++looks < 3) throw new Error("refused");
      return true;
    };

    expect(await until(probe, { timeoutMs: 1_000, everyMs: 1 })).to.equal(true);
  });

  it("looks at least once, and says false when time is up", async function () {
    let looks = 0;

    expect(await until(() => ++looks < 0, { timeoutMs: 0 })).to.equal(false);
    expect(looks).to.equal(1);
  });

  it("ends at once when aborted", async function () {
    const abort = new AbortController();
    const waiting = until(() => false, { timeoutMs: 60_000, everyMs: 30_000, signal: abort.signal });

    abort.abort();

    expect(await waiting).to.equal(false);
  });
});

describe("free port", function () {
  it("gives a port that can be listened on", async function () {
    await assertPortFree(await freePort(), "anybody");
  });

  it("names the part whose port is taken", async function () {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };

    const error = await assertPortFree(port, "Redis").catch((thrown: unknown) => thrown);

    server.close();
    expect(error).to.be.instanceOf(PortTakenError).with.property("details").that.deep.equals({ part: "Redis", port });
  });
});
