import { PassThrough, Readable } from "node:stream";

import { expect } from "chai";
import fc from "fast-check";

import { readEngineOutput } from "../../../../cli/images/engine-output.ts";

/** Events as the engine sends them, in chunks of any size. */
function output(events: readonly unknown[], chunkBytes = 1_000): Readable {
  const bytes = Buffer.from(events.map((event) => `${JSON.stringify(event)}\r\n`).join(""));
  const count = Math.ceil(bytes.length / chunkBytes);
  return Readable.from(Array.from({ length: count }, (_, i) => bytes.subarray(i * chunkBytes, (i + 1) * chunkBytes)));
}

describe("readEngineOutput", function () {
  it("hears the same, wherever the chunks are cut", async function () {
    const events = [{ stream: "Step 1/2 : FROM débian\n" }, { stream: "\n" }, { aux: { ID: "sha256:1" } }];
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 60 }), async (chunkBytes) => {
        const lines: string[] = [];

        const { aux, error } = await readEngineOutput(output(events, chunkBytes), (line) => lines.push(line));

        expect(lines).to.deep.equal(["Step 1/2 : FROM débian"]);
        expect({ aux, error }).to.deep.equal({ aux: { ID: "sha256:1" }, error: undefined });
      }),
    );
  });

  it("tells the steps of a transfer, not its bytes", async function () {
    const lines: string[] = [];
    const events = [
      { status: "Preparing", progressDetail: {}, id: "ab" },
      { status: "Pushing", progressDetail: { current: 1, total: 9 }, progress: "[>  ]", id: "ab" },
      { status: "Pushed", progressDetail: {}, id: "ab" },
      { status: "1.0.0: digest: sha256:1 size: 2" },
    ];

    await readEngineOutput(output(events), (line) => lines.push(line));

    expect(lines).to.deep.equal(["ab: Preparing", "ab: Pushed", "1.0.0: digest: sha256:1 size: 2"]);
  });

  it("keeps the last lines and the error", async function () {
    const said = Array.from({ length: 50 }, (_, i) => ({ stream: `line ${i}\n` }));

    const { error, tail } = await readEngineOutput(output([...said, { error: "returned a non-zero code: 3" }]));

    expect(error).to.equal("returned a non-zero code: 3");
    expect(tail).to.have.length(20);
    expect(tail.at(-1)).to.equal("line 49");
  });

  it("reads a last line without its end", async function () {
    const { aux } = await readEngineOutput(Readable.from([Buffer.from('{"aux":{"ID":"x"}}')]));

    expect(aux).to.deep.equal({ ID: "x" });
  });

  it("stops when told to", async function () {
    const endless = new PassThrough();
    const stop = new AbortController();
    const reading = readEngineOutput(endless, () => stop.abort(), stop.signal).catch((thrown: unknown) => thrown);

    endless.write('{"stream":"Step 1\\n"}\n');

    expect(await reading).to.have.property("name", "AbortError");
    expect(endless.destroyed).to.equal(true);
  });
});
