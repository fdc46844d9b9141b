import { Readable } from "node:stream";

import { expect } from "chai";
import type { Container } from "dockerode";

import { followLogs } from "../../../worker/executor/logs.ts";

/** Standard output in one frame, and no more. */
const containerThatSays = (text: string): Container => {
  const header = Buffer.from([1, 0, 0, 0, 0, 0, 0, Buffer.byteLength(text)]);
  return { attach: async () => Readable.from([header, Buffer.from(text)]) } as unknown as Container;
};

describe("followLogs", function () {
  for (const [maxBytes, isTooLong] of [
    [5, false],
    [4, true],
  ] as const) {
    it(`says at the end whether 5 bytes are more than ${maxBytes}, and passes on no more`, async function () {
      let heard = "";
      using logs = await followLogs(containerThatSays("12345"), maxBytes, (text) => (heard += text));

      expect(await logs.endedTooLong()).to.equal(isTooLong);
      expect(heard).to.equal("12345".slice(0, maxBytes));
    });
  }
});
