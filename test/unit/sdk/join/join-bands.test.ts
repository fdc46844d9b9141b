import { expect } from "chai";
import fc from "fast-check";
import { PNG } from "pngjs";

import { JoinError } from "../../../../sdk/join/errors.ts";
import { joinBands } from "../../../../sdk/join/join-bands.ts";

function ppm(width: number, rows: number, pixels: Uint8Array, header = `P6\n${width} ${rows}\n255\n`): Uint8Array {
  return Buffer.concat([Buffer.from(header), pixels]);
}

/** A band of one colour. */
function plain(width: number, rows: number, value = 7): Uint8Array {
  return ppm(width, rows, new Uint8Array(width * rows * 3).fill(value));
}

function pixelsOf(png: Uint8Array): { width: number; height: number; pixels: Uint8Array } {
  const { width, height, data } = PNG.sync.read(Buffer.from(png));
  return { width, height, pixels: data.filter((_, index) => index % 4 !== 3) };
}

/** A picture and the number of rows of each of its bands. */
const cutPicture = fc
  .record({ width: fc.integer({ min: 1, max: 9 }), rows: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }) })
  .chain(({ width, rows }) => {
    const length = 3 * width * rows.reduce((sum, n) => sum + n, 0);
    return fc.record({
      width: fc.constant(width),
      rows: fc.constant(rows),
      pixels: fc.uint8Array({ minLength: length, maxLength: length }),
    });
  });

function cut({ width, rows, pixels }: { width: number; rows: readonly number[]; pixels: Uint8Array }): Uint8Array[] {
  let from = 0;
  return rows.map((n) => ppm(width, n, pixels.slice(from, (from += 3 * width * n))));
}

function thrownBy(bands: readonly (Uint8Array | undefined)[]): unknown {
  try {
    joinBands(bands);
    return undefined;
  } catch (error) {
    return error;
  }
}

function expectBandError(bands: readonly (Uint8Array | undefined)[], band: number, why: string): void {
  const error = thrownBy(bands);
  expect(error).to.be.instanceOf(JoinError).with.property("details").that.deep.equals({ band, why });
}

describe("joinBands", function () {
  it("gives the picture back, however it was cut", function () {
    fc.assert(
      fc.property(cutPicture, (picture) => {
        const { width, pixels, height } = pixelsOf(joinBands(cut(picture)));

        expect(width).to.equal(picture.width);
        expect(height).to.equal(picture.rows.reduce((sum, n) => sum + n, 0));
        expect(Buffer.from(pixels).equals(picture.pixels)).to.equal(true);
      }),
    );
  });

  it("gives the same bytes for the same bands", function () {
    fc.assert(
      fc.property(cutPicture, (picture) => {
        expect(Buffer.from(joinBands(cut(picture))).equals(joinBands(cut(picture)))).to.equal(true);
      }),
    );
  });

  it("reads headers with comments", function () {
    const commented = ppm(2, 1, Uint8Array.of(1, 2, 3, 4, 5, 6), "P6 # made\n# by hand\n2 1\n255\n");

    expect([...pixelsOf(joinBands([commented])).pixels]).to.deep.equal([1, 2, 3, 4, 5, 6]);
  });

  it("keeps a first pixel that looks like a space", function () {
    const spaces = ppm(1, 1, Uint8Array.of(0x20, 0x0a, 0x20));

    expect([...pixelsOf(joinBands([spaces])).pixels]).to.deep.equal([0x20, 0x0a, 0x20]);
  });

  it("refuses to make a picture of nothing", function () {
    expect(thrownBy([])).to.be.instanceOf(JoinError);
  });

  it("names the first missing band", function () {
    expectBandError([plain(4, 2), undefined, plain(4, 2), undefined], 1, "is missing");
  });

  it("names a band that is missing from a sparse list", function () {
    const bands = [plain(4, 2)];
    bands[2] = plain(4, 2);

    expectBandError(bands, 1, "is missing");
  });

  it("names a band of another width", function () {
    expectBandError([plain(4, 2), plain(4, 1), plain(5, 2)], 2, "is 5 pixels wide, band 0 is 4");
  });

  it("names a band with a byte too few, and one with a byte too many", function () {
    const whole = plain(4, 2);

    expectBandError([whole.subarray(0, -1)], 0, "has 23 bytes of pixels instead of 24");
    expectBandError([whole, Buffer.concat([whole, Buffer.alloc(1)])], 1, "has 25 bytes of pixels instead of 24");
  });

  it("names a band that is no PPM of 8 bits a colour", function () {
    const why = "is not a binary PPM of 8 bits a colour";

    expectBandError([Buffer.from("exit 1\n")], 0, why);
    expectBandError([new Uint8Array()], 0, why);
    expectBandError([ppm(1, 1, new Uint8Array(6), "P6\n1 1\n65535\n")], 0, why);
    expectBandError([ppm(1, 1, new Uint8Array(3), "P3\n1 1\n255\n")], 0, why);
  });

  it("names a band without pixels", function () {
    expectBandError([ppm(0, 4, new Uint8Array())], 0, "has no pixels: 0 by 4");
  });

  it("throws nothing but its own error, whatever the bytes", function () {
    const almost = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.concat([Buffer.from("P6\n"), bytes]));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), almost), (bytes) => {
        const error = thrownBy([bytes]);

        expect(error === undefined || error instanceof JoinError).to.equal(true);
      }),
    );
  });
});
