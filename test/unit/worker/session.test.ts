import { expect } from "chai";
import { Wallet } from "ethers";
import { SiweMessage } from "siwe";

import { SESSION_STATEMENT } from "../../../protocol/siwe.ts";
import { createBackoff } from "../../../worker/gateway/backoff.ts";
import { sessionText } from "../../../worker/gateway/session.ts";
import { NOW } from "./fakes.ts";

const wallet = new Wallet(`0x${"07".repeat(32)}`);
const who = {
  base: new URL("https://pool.test:8470/gate/"),
  chainId: 31_337,
  address: wallet.address,
  signText: (text: string) => wallet.signMessage(text),
};

describe("log-in message", function () {
  it("is to the letter what the siwe package writes of the same fields", function () {
    const text = sessionText(who, "abcdefgh", NOW * 1_000);

    expect(new SiweMessage(text).prepareMessage()).to.equal(text);
  });

  it("names this pool, this chain and its purpose, and ends soon", function () {
    const message = new SiweMessage(sessionText(who, "abcdefgh", NOW * 1_000));

    expect(message).to.deep.include({
      domain: "pool.test:8470",
      uri: "https://pool.test:8470/gate/",
      chainId: 31_337,
      statement: SESSION_STATEMENT,
      address: wallet.address,
      nonce: "abcdefgh",
    });
    expect(Date.parse(message.expirationTime!) - Date.parse(message.issuedAt!)).to.equal(300_000);
  });

  it("verifies with the wallet's signature", async function () {
    const text = sessionText(who, "abcdefgh", Date.now());
    const signature = await who.signText(text);

    const { success } = await new SiweMessage(text).verify({ signature, domain: "pool.test:8470", nonce: "abcdefgh" });

    expect(success).to.equal(true);
  });
});

describe("backoff", function () {
  it("doubles up to its longest, and starts over after a success", function () {
    const backoff = createBackoff({ firstMs: 100, longestMs: 350, random: () => 0 });

    expect([backoff.next(), backoff.next(), backoff.next(), backoff.next()]).to.deep.equal([100, 200, 350, 350]);
    backoff.reset();
    expect(backoff.next()).to.equal(100);
  });

  it("takes off up to a half, so that workers do not come back all at once", function () {
    expect(createBackoff({ firstMs: 100, longestMs: 350, random: () => 1 }).next()).to.equal(50);
  });
});
