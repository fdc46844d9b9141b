import { expect } from "chai";

import { withGateway } from "../support/gateway-fixture.ts";
import { withRedis } from "../support/parts.ts";
import { bearerOf, POOL_HOST } from "../support/scheduler-gateway.ts";

describe("what a pool's gateway answers in a minute", function () {
  const redis = withRedis();
  const { app } = withGateway(redis, { publicHost: POOL_HOST });

  const left = async (headers: Record<string, string>, remoteAddress = "10.0.0.1"): Promise<number> => {
    const { headers: answered } = await app().inject({ url: "/health", headers, remoteAddress });
    return Number(answered["x-ratelimit-remaining"]);
  };

  it("is each account's own where it is logged in, whatever address it shares with others", async function () {
    const [one, other] = [await bearerOf(app(), 1), await bearerOf(app(), 2)];
    const full = await left({}, "10.0.0.9");

    expect([await left(one), await left(one), await left(one, "10.0.0.2")]).to.deep.equal([full, full - 1, full - 2]);
    expect([await left(other), await left({})]).to.deep.equal([full, full]);
  });

  it("is the address's for tokens that nobody has, and for log-ins", async function () {
    const before = await left({});
    const made = [1, 2].map((each) => ({ authorization: `Bearer ${`${each}`.repeat(20)}` }));

    expect([await left(made[0]!), await left(made[1]!)]).to.deep.equal([before - 1, before - 2]);
    const nonce = async (headers: object): Promise<number> => {
      const asked = {
        method: "POST",
        url: "/session/nonce",
        headers: { ...headers },
        remoteAddress: "10.0.0.3",
      } as const;
      return Number((await app().inject(asked)).headers["x-ratelimit-remaining"]);
    };
    expect([await nonce(await bearerOf(app(), 1)), await nonce({})]).to.deep.equal([59, 58]);
  });
});
