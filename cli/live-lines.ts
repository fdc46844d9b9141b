import type { Sink } from "./print.ts";

/** Lines at the bottom of a terminal that are drawn over, with whatever else is said scrolling by above them. */
export interface LiveLines {
  /** Takes the place of what was shown before. */
  show(lines: readonly string[]): void;
  /** Something that stays. */
  above(text: string): void;
  /** Takes the lines away; what is written next stands in their place. */
  clear(): void;
}

const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;

/** @param terminal whose cursor can be moved */
export function createLiveLines(terminal: Sink): LiveLines {
  let shown: readonly string[] = [];
  const draw = (text: string, next: readonly string[]): void => {
    const up = shown.length > 0 ? `\u001b[${shown.length}A\u001b[0J` : "";
    shown = next;
    terminal.write(up + text + next.map((line) => `${line}\n`).join(""));
  };
  return {
    show: (lines) => draw("", fitting(lines, terminal)),
    above: (text) => draw(text, shown),
    clear: () => draw("", []),
  };
}

/** A line that wraps, or scrolls out of sight, could not be drawn over. */
function fitting(
  lines: readonly string[],
  { columns = DEFAULT_COLUMNS, rows = DEFAULT_ROWS }: Sink,
): readonly string[] {
  return lines.slice(0, rows - 1).map((line) => [...line].slice(0, columns - 1).join(""));
}
