import { expect } from "chai";

import { BadParamsError, GridmillError } from "../../../protocol/errors.ts";
import { requireFunds } from "../../../sdk/accounts.ts";
import { checkParams, requireAllowance } from "../../../sdk/preflight.ts";
import type { Upload } from "../../../sdk/request-spec.ts";

const sha256 = "ab".repeat(32);
const upload: Upload = { name: "a", sha256, bytes: 5, body: new Blob(["hello"]) };
const text = (params: object): string => JSON.stringify({ version: 1, ...params });

describe("checkParams", function () {
  it("accepts inputs that are uploaded or have a url", function () {
    const inputs = [
      { name: "a", sha256, bytes: 5 },
      { name: "b", sha256: "cd".repeat(32), bytes: 9, url: "https://example.org/b" },
    ];

    checkParams({ params: text({ inputs }), volume: 3, uploads: [upload] });
  });

  const wrong: Readonly<Record<string, { params: string; volume?: number }>> = {
    "text that is no JSON": { params: "{" },
    "a task without its entry": { params: text({ tasks: [{}] }), volume: 2 },
    "an input that nobody has": { params: text({ inputs: [{ name: "c", sha256: "cd".repeat(32), bytes: 5 }] }) },
    "an input of another size than the file": { params: text({ inputs: [{ name: "a", sha256, bytes: 6 }] }) },
    "two inputs of one name": {
      params: text({
        inputs: [{ name: "a", sha256, bytes: 5 }],
        tasks: [{ inputs: [{ name: "a", sha256, bytes: 5 }] }],
      }),
    },
  };
  for (const [name, { params, volume = 1 }] of Object.entries(wrong)) {
    it(`refuses ${name}`, function () {
      expect(() => checkParams({ params, volume, uploads: [upload] })).to.throw(BadParamsError);
    });
  }
});

describe("requireFunds", function () {
  it("accepts exactly enough", function () {
    requireFunds(5n, 5n, "the escrow", "hint");
  });

  it("says what is there and what is needed when one wei is missing", function () {
    expect(() => requireFunds(10n ** 18n - 1n, 10n ** 18n, "the escrow", "Put more in"))
      .to.throw(GridmillError, /the escrow has 0\.999999999999999999, and 1 are needed/)
      .that.includes({ code: "GM_NO_FUNDS", hint: "Put more in" });
  });
});

describe("requireAllowance", function () {
  const bill = { payer: `0x${"a".repeat(40)}`, requester: `0x${"b".repeat(40)}`, total: 5n } as const;

  it("accepts exactly enough, and refuses one wei less", function () {
    requireAllowance(5n, bill);

    expect(() => requireAllowance(4n, bill))
      .to.throw(GridmillError)
      .that.includes({ code: "GM_ALLOWANCE_LOW" });
  });

  it("refuses a payer that allows nothing, though nothing is to be paid", function () {
    expect(() => requireAllowance(0n, { ...bill, total: 0n })).to.throw(GridmillError);
    requireAllowance(1n, { ...bill, total: 0n });
  });
});
