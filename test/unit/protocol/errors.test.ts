import { expect } from "chai";

import {
  BadConfigError,
  BadInputError,
  BadParamsError,
  codeOf,
  errorData,
  GridmillError,
  IllegalMoveError,
  NotFoundError,
  RemoteError,
} from "../../../protocol/errors.ts";

describe("errors", function () {
  const cause = new Error("inner");
  const error = new BadInputError("not a number", { hint: "Write 7", details: { secret: "hunter2" }, cause });

  it("carry code, hint, details and cause beside their message", function () {
    expect(error).to.be.instanceOf(Error).and.instanceOf(GridmillError);
    expect(error).to.include({ name: "BadInputError", message: "not a number", code: "GM_BAD_INPUT", cause });
    expect(error).to.include({ hint: "Write 7", retryable: false });
    expect(error.details).to.deep.equal({ secret: "hunter2" });
    expect(new BadInputError("bare")).to.deep.include({ details: {}, hint: undefined });
  });

  it("have one code each", function () {
    const codes = [BadInputError, BadConfigError, IllegalMoveError, BadParamsError, NotFoundError].map(
      (Kind) => new Kind("").code,
    );

    expect(codes).to.deep.equal([
      ...["GM_BAD_INPUT", "GM_BAD_CONFIG", "GM_ILLEGAL_MOVE", "GM_BAD_PARAMS", "GM_NOT_FOUND"],
    ]);
  });

  it("leave the process without details, stack or cause", function () {
    expect(error.toData()).to.deep.equal({
      ...{ code: "GM_BAD_INPUT", message: "not a number", hint: "Write 7", retryable: false },
    });
    expect(JSON.stringify(error.toData())).to.not.include("hunter2").and.not.include("inner");
  });

  it("of a service are passed on as it said them", function () {
    const said = { code: "GM_FROM_AFAR", message: "later", hint: "Wait", retryable: true };

    const passedOn = new RemoteError(said, { details: { url: "http://pool" } });

    expect(passedOn.toData()).to.deep.equal(said);
    expect(new RemoteError({ ...said, hint: undefined }).hint).to.equal(undefined);
  });

  describe("given what nobody foresaw", function () {
    it("codeOf is GM_UNEXPECTED", function () {
      expect(codeOf(error)).to.equal("GM_BAD_INPUT");
      expect([new TypeError("x"), "x", undefined, { code: "GM_BAD_INPUT" }].map(codeOf)).to.deep.equal(
        Array(4).fill("GM_UNEXPECTED"),
      );
    });

    it("errorData keeps the message and does not promise that it passes", function () {
      const unexpected = (message: string) => ({
        ...{ code: "GM_UNEXPECTED", message, hint: undefined, retryable: false },
      });

      expect(errorData(new TypeError("boom"))).to.deep.equal(unexpected("boom"));
      expect(errorData("thrown text")).to.deep.equal(unexpected("thrown text"));
      expect(errorData(undefined)).to.deep.equal(unexpected("undefined"));
      expect(errorData(error)).to.deep.equal(error.toData());
    });
  });
});
