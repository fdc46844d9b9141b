import { expect } from "chai";

import { EXIT, exitCodeOf } from "../../../cli/exit-codes.ts";
import { InterruptedError, TimedOutError, UsageError } from "../../../cli/errors.ts";
import { reportError } from "../../../cli/report-error.ts";
import { BadInputError, RemoteError } from "../../../protocol/errors.ts";
import { MarketUnreachableError, NoOfferError } from "../../../protocol/market-errors.ts";

const remote = (code: string, retryable: boolean): RemoteError =>
  new RemoteError({ code, message: "m", hint: undefined, retryable });

describe("exitCodeOf", function () {
  const cases: readonly [unknown, number][] = [
    [new UsageError("x"), EXIT.usage],
    [new BadInputError("x"), EXIT.usage],
    [new NoOfferError("x"), EXIT.refused],
    [remote("GM_NOT_ALLOWED", false), EXIT.refused],
    [new MarketUnreachableError("x"), EXIT.unreachable],
    [remote("GM_ANYTHING_NEW", true), EXIT.unreachable],
    [new TimedOutError("x"), EXIT.timedOut],
    [new InterruptedError("x"), EXIT.interrupted],
    [new TypeError("a bug"), EXIT.taskFailed],
  ];
  for (const [error, code] of cases) {
    it(`gives ${code} for ${(error as Error).name} ${(error as { code?: string }).code ?? ""}`, function () {
      expect(exitCodeOf(error)).to.equal(code);
    });
  }
});

describe("reportError", function () {
  it("says what, why, what to do and the code, a line each", function () {
    const error = new BadInputError("The file is no order: price is missing", { hint: "Add a price" });

    expect(reportError(error).text.split("\n")).to.deep.equal([
      "error: The file is no order",
      "why:   price is missing",
      "do:    Add a price",
      "code:  GM_BAD_INPUT",
    ]);
  });

  it("takes the cause as the reason when the message gives none", function () {
    const error = new MarketUnreachableError("The market did not answer", { cause: new Error("ECONNREFUSED") });

    expect(reportError(error).text).to.include("why:   ECONNREFUSED");
  });

  it("keeps several reasons on their one line", function () {
    const { text } = reportError(
      new NoOfferError("No offer fits the request\n  pool 1: too dear\n  pool 2: too small"),
    );

    expect(text).to.include("error: No offer fits the request\nwhy:   pool 1: too dear pool 2: too small\n");
  });

  it("gives programs the same as one JSON value, never the details", function () {
    const { json } = reportError(new BadInputError("m", { hint: "h", details: { secret: 1n } }));

    expect(JSON.parse(json)).to.deep.equal({
      error: { code: "GM_BAD_INPUT", message: "m", hint: "h", retryable: false },
    });
  });
});
