import { addAbortSignal, type Readable } from "node:stream";

import { z } from "zod";

const TAIL_LINES = 20;

/** One of the JSON lines in which the engine tells about a build, a pull, a push or an import. */
const EventSchema = z.looseObject({
  stream: z.string().optional(),
  status: z.string().optional(),
  id: z.string().optional(),
  progressDetail: z.looseObject({ total: z.number().optional() }).optional(),
  error: z.string().optional(),
  aux: z.record(z.string(), z.unknown()).optional(),
});
type EngineEvent = z.output<typeof EventSchema>;

/** How an operation of the engine went. */
export type EngineReport = {
  /** Ids and digests, merged. Without the one that the operation ends with, it has not ended well. */
  readonly aux: Readonly<Record<string, unknown>>;
  /** What the engine says went wrong; the HTTP status was 200 all the same. */
  readonly error: string | undefined;
  /** The last lines of output. */
  readonly tail: readonly string[];
};

/** Reads what the engine says to its end, and tells every line to `onLine` as it comes. */
export async function readEngineOutput(
  output: NodeJS.ReadableStream,
  onLine: (line: string) => void = () => {},
  signal?: AbortSignal,
): Promise<EngineReport> {
  const tail: string[] = [];
  let aux: Record<string, unknown> = {};
  let error: string | undefined;
  if (signal) addAbortSignal(signal, output as Readable);
  for await (const event of jsonLines(output)) {
    aux = { ...aux, ...event.aux };
    error ??= event.error;
    for (const line of linesOf(event)) {
      tail.push(line);
      if (tail.length > TAIL_LINES) tail.shift();
      onLine(line);
    }
  }
  return { aux, error, tail };
}

/** A build's output in lines; of a transfer, the steps but not the bytes. */
function linesOf({ stream, status, id, progressDetail }: EngineEvent): readonly string[] {
  if (stream !== undefined) return stream.split(/\r?\n/).filter((line) => line.trim() !== "");
  if (status === undefined || progressDetail?.total !== undefined) return [];
  return [id === undefined ? status : `${id}: ${status}`];
}

async function* jsonLines(output: NodeJS.ReadableStream): AsyncGenerator<EngineEvent> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of output) {
    const lines = (rest + decoder.decode(chunk as Buffer, { stream: true })).split("\n");
    rest = lines.pop()!;
    for (const line of lines) if (line.trim() !== "") yield EventSchema.parse(JSON.parse(line));
  }
  if (rest.trim() !== "") yield EventSchema.parse(JSON.parse(rest));
}
