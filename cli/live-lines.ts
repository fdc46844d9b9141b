import type { Sink } from "./sink.ts";

/** Lines at the bottom of a terminal that are drawn over until something is said that stays. */
interface LiveLines {
  /** Takes the place of what was shown before. */
  show(lines: readonly string[]): void;
  /** Takes the lines away; what is written next stands in their place. */
  clear(): void;
}

const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;

/** @param terminal whose cursor can be moved */
export function createLiveLines(terminal: Sink): LiveLines {
  let shown = 0;
  const draw = (lines: readonly string[]): void => {
    const up = shown > 0 ? `\r\u001b[${shown}A\u001b[0J` : "";
    shown = lines.length;
    terminal.write(up + lines.map((line) => `${line}\n`).join(""));
  };
  return { show: (lines) => draw(fitting(lines, terminal)), clear: () => draw([]) };
}

/** A line that wraps, or scrolls out of sight, could not be drawn over. */
function fitting(
  lines: readonly string[],
  { columns = DEFAULT_COLUMNS, rows = DEFAULT_ROWS }: Sink,
): readonly string[] {
  return lines.slice(0, rows - 1).map((line) => [...line].slice(0, columns - 1).join(""));
}
