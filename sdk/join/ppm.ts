/** Pixels as a binary PPM has them: three bytes each, rows from the top. */
export type Ppm = { readonly width: number; readonly rows: number; readonly pixels: Uint8Array };

/** Magic number, width, height and greatest value, with comments between them; one space ends it. */
const HEADER = /^P6(?:\s|#[^\n]*\n)+(\d{1,5})(?:\s|#[^\n]*\n)+(\d{1,5})(?:\s|#[^\n]*\n)+255\s/;
/** Longer than any header without an essay in its comments. */
const MAX_HEADER_BYTES = 1_024;

/** Reads a binary PPM of 8 bits a colour. @returns what is wrong with it, in words, when it is none */
export function parsePpm(bytes: Uint8Array): Ppm | string {
  const start = new TextDecoder("latin1").decode(bytes.subarray(0, MAX_HEADER_BYTES));
  const header = HEADER.exec(start);
  if (!header) return "is not a binary PPM of 8 bits a colour";
  const [width, rows] = [Number(header[1]), Number(header[2])];
  if (width === 0 || rows === 0) return `has no pixels: ${width} by ${rows}`;
  const pixels = bytes.subarray(header[0].length);
  const expected = width * rows * 3;
  if (pixels.length !== expected) return `has ${pixels.length} bytes of pixels instead of ${expected}`;
  return { width, rows, pixels };
}
