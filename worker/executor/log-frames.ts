const HEADER_BYTES = 8;
const STDERR = 2;

/**
 * Takes apart the stream in which the engine sends standard output and standard error: frames of a header (kind, three
 * zeros, length) and a payload. Payloads are passed on as they come, in pieces, and nothing is kept: dockerode's own
 * `demuxStream` copies and recurses for each frame, which a task that writes single bytes could use against us.
 * @returns what to call with each chunk
 */
export function logFrames(listen: (payload: Buffer, stream: "stdout" | "stderr") => void): (chunk: Buffer) => void {
  const header = Buffer.alloc(HEADER_BYTES);
  let headerBytes = 0;
  let left = 0;
  const readHeader = (chunk: Buffer, at: number): number => {
    const copied = chunk.copy(header, headerBytes, at, at + HEADER_BYTES - headerBytes);
    headerBytes += copied;
    if (headerBytes === HEADER_BYTES) left = header.readUInt32BE(4);
    return at + copied;
  };
  const readPayload = (chunk: Buffer, at: number): number => {
    const payload = chunk.subarray(at, at + left);
    left -= payload.length;
    if (payload.length > 0) listen(payload, header[0] === STDERR ? "stderr" : "stdout");
    return at + payload.length;
  };
  return (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      at = headerBytes < HEADER_BYTES ? readHeader(chunk, at) : readPayload(chunk, at);
      if (headerBytes === HEADER_BYTES && left === 0) headerBytes = 0;
    }
  };
}
