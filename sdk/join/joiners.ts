import { joinBands } from "./join-bands.ts";

/** Makes one file of what the tasks of a deal brought. */
type Joiner = {
  /** What the file is to be called. */
  readonly fileName: string;
  /**
   * @param parts the output file of each task, in task order; undefined where there is none
   * @throws JoinError
   */
  readonly join: (parts: readonly (Uint8Array | undefined)[]) => Uint8Array;
};

/** Every way of joining that an `app.json` can name. */
export const JOINERS = {
  "ppm-bands-to-png": { fileName: "picture.png", join: joinBands },
} as const satisfies Record<string, Joiner>;

export type JoinKind = keyof typeof JOINERS;
export const JOIN_KINDS = Object.keys(JOINERS) as [JoinKind, ...JoinKind[]];
