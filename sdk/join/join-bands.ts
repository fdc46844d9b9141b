import { PNG } from "pngjs";

import { JoinError } from "./errors.ts";
import { parsePpm, type Ppm } from "./ppm.ts";

const RGB = 2;

/**
 * Stacks the bands of a picture, top first, into one PNG. The same bands give the same bytes.
 * @param bands binary PPMs of one width, in task order; undefined where a task brought nothing
 * @throws JoinError when one is missing, is no PPM, or is not as wide as the first
 */
export function joinBands(bands: readonly (Uint8Array | undefined)[]): Uint8Array {
  const parts = Array.from(bands, readBand);
  const [first] = parts;
  if (!first) throw new JoinError("There are no bands to join", { hint: "Was any task settled with a result?" });
  for (const [index, { width }] of parts.entries()) {
    if (width !== first.width) throw bandError(index, `is ${width} pixels wide, band 0 is ${first.width}`);
  }
  return encodePng(first.width, parts);
}

function readBand(bytes: Uint8Array | undefined, index: number): Ppm {
  if (!bytes) throw bandError(index, "is missing");
  const ppm = parsePpm(bytes);
  if (typeof ppm === "string") throw bandError(index, ppm);
  return ppm;
}

function encodePng(width: number, parts: readonly Ppm[]): Uint8Array {
  const height = parts.reduce((sum, { rows }) => sum + rows, 0);
  const png = new PNG({ width, height, colorType: RGB, inputColorType: RGB, inputHasAlpha: false });
  png.data = Buffer.concat(parts.map(({ pixels }) => pixels));
  return new Uint8Array(PNG.sync.write(png, { colorType: RGB, inputColorType: RGB, inputHasAlpha: false }));
}

function bandError(band: number, why: string): JoinError {
  return new JoinError(`Band ${band} ${why}`, {
    details: { band, why },
    hint: "Was every task of the deal given the same scene and size?",
  });
}
