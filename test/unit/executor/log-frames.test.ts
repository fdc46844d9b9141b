import { expect } from "chai";
import fc from "fast-check";

import { logFrames } from "../../../worker/executor/log-frames.ts";

type Stream = "stdout" | "stderr";

const frame = (stream: Stream, payload: string): Buffer => {
  const header = Buffer.alloc(8);
  header[0] = stream === "stdout" ? 1 : 2;
  header.writeUInt32BE(Buffer.byteLength(payload), 4);
  return Buffer.concat([header, Buffer.from(payload)]);
};

const read = (chunks: readonly Buffer[]): Record<Stream, string> => {
  const heard: Record<Stream, Buffer[]> = { stdout: [], stderr: [] };
  const feed = logFrames((payload, stream) => void heard[stream].push(Buffer.from(payload)));
  chunks.forEach(feed);
  return { stdout: Buffer.concat(heard.stdout).toString(), stderr: Buffer.concat(heard.stderr).toString() };
};

describe("logFrames", function () {
  it("tells the streams apart", function () {
    const chunk = Buffer.concat([frame("stdout", "one "), frame("stderr", "oops"), frame("stdout", "two")]);

    expect(read([chunk])).to.deep.equal({ stdout: "one two", stderr: "oops" });
  });

  it("reads the same however the stream is cut", function () {
    const frames = fc.array(fc.record({ stream: fc.constantFrom<Stream>("stdout", "stderr"), payload: fc.string() }));
    fc.assert(
      fc.property(frames, fc.array(fc.nat({ max: 60 })), (list, cuts) => {
        const whole = Buffer.concat(list.map(({ stream, payload }) => frame(stream, payload)));
        const edges = [0, ...cuts.filter((cut) => cut < whole.length), whole.length].sort((a, b) => a - b);
        const pieces = edges.slice(1).map((edge, index) => whole.subarray(edges[index], edge));
        const text = (wanted: Stream): string =>
          list.map(({ stream, payload }) => (stream === wanted ? payload : "")).join("");

        expect(read(pieces)).to.deep.equal({ stdout: text("stdout"), stderr: text("stderr") });
      }),
    );
  });

  it("takes a great many tiny frames in one chunk", function () {
    const chunk = Buffer.concat(Array.from({ length: 100_000 }, () => frame("stdout", "x")));

    expect(read([chunk]).stdout).to.have.lengthOf(100_000);
  });
});
