import { expect } from "chai";

import { toJson } from "../../../protocol/json.ts";
import { ImageReferenceSchema, LeaseSchema, LimitsSchema } from "../../../protocol/lease.ts";
import { aLease } from "./a-lease.ts";

const DIGEST = `@sha256:${"0a".repeat(32)}`;

describe("leases", function () {
  it("are read back from JSON as they were", function () {
    expect(LeaseSchema.parse(JSON.parse(toJson(aLease())))).to.deep.equal(aLease());
  });

  it("have no unknown field: not themselves, nor their deal, inputs or limits", function () {
    const lease = aLease();
    const { deal, inputs, limits } = lease;
    const strange = [
      { ...lease, surprise: 1 },
      { ...lease, deal: { ...deal, surprise: 1 } },
      { ...lease, limits: { ...limits, surprise: 1 } },
      { ...lease, inputs: [{ ...inputs[0], surprise: 1 }] },
    ];

    expect(strange.map((any) => LeaseSchema.safeParse(any).success)).to.deep.equal(Array(4).fill(false));
  });

  it("name no URL: inputs come from the pool's blobs", function () {
    const inputs = aLease().inputs.map((input) => ({ ...input, url: "https://files.example/a" }));

    expect(LeaseSchema.safeParse({ ...aLease(), inputs }).success).to.equal(false);
  });

  it("draw every line above zero, in whole units", function () {
    const { limits } = aLease();
    for (const limit of Object.keys(limits)) {
      const accepts = (value: number): boolean => LimitsSchema.safeParse({ ...limits, [limit]: value }).success;
      expect([1, 0, -1, 1.5].map(accepts), limit).to.deep.equal([true, false, false, false]);
    }
  });

  describe("images", function () {
    const accepts = (image: string): boolean => ImageReferenceSchema.safeParse(image).success;

    it("are pinned by a sha256 digest, with or without registry, port and tag", function () {
      const good = ["alpine", "library/alpine", "registry.example:5000/a/b-c_d.e", "127.0.0.1:5000/app:V1.2", "0"];

      expect(good.filter((name) => !accepts(name + DIGEST))).to.deep.equal([]);
    });

    it("are refused when they are not, or could be read as something else", function () {
      const bad = [
        ...["alpine", "alpine:latest", DIGEST, `-v${DIGEST}`, `/alpine${DIGEST}`, `.a${DIGEST}`, `Alpine${DIGEST}`],
        ...[`al pine${DIGEST}`, `alpine\n${DIGEST}`, `a${DIGEST}\n`, `a${DIGEST}0`, `a${DIGEST.slice(0, -1)}`],
        ...[`a${DIGEST.toUpperCase()}`, `a@sha512:${"0a".repeat(32)}`, `a${DIGEST}${DIGEST}`, `https://a${DIGEST} `],
      ];

      expect(bad.filter(accepts)).to.deep.equal([]);
    });

    it("have at most 512 characters", function () {
      const of = (length: number): string => "a".repeat(length - DIGEST.length) + DIGEST;

      expect(accepts(of(512))).to.equal(true);
      expect(accepts(of(513))).to.equal(false);
    });
  });
});
