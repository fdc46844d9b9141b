/** What words are written to; process.stdout and process.stderr in earnest. */
export type Sink = {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
};
