import { expect } from "chai";

import { loadConfig } from "../../../cli/config.ts";
import { BadConfigError } from "../../../protocol/errors.ts";

describe("cli config", function () {
  it("has a default for everything", function () {
    const config = loadConfig({ HOME: "/somewhere" });

    expect(config.network).to.equal("local");
    expect(config.home).to.match(/\/\.gridmill$/);
    expect(config.key).to.equal(undefined);
  });

  it("takes an empty variable for an unset one", function () {
    expect(loadConfig({ GRIDMILL_KEY: "", GRIDMILL_NETWORK: "" })).to.include({ key: undefined, network: "local" });
  });

  it("refuses a key that is none, without repeating it", function () {
    expect(() => loadConfig({ GRIDMILL_KEY: "0x1234secret" }))
      .to.throw(BadConfigError)
      .with.property("message")
      .that.matches(/GRIDMILL_KEY/)
      .and.does.not.match(/secret/);
  });

  it("hands no key and no passphrase to child processes", function () {
    const { childEnv } = loadConfig({ PATH: "/bin", GRIDMILL_KEY: "11".repeat(32), GRIDMILL_PASSPHRASE_FILE: "/p" });

    expect(childEnv).to.deep.equal({ PATH: "/bin" });
  });
});
