import { z } from "zod";

import { BadInputError } from "../../protocol/errors.ts";

const Sha256Digest = /^sha256:[0-9a-f]{64}$/;
/** `[host[:port]/]path[:tag][@digest]`, as the registry's own grammar has it, without IPv6 hosts. */
const IMAGE_NAME =
  /^(?<repository>(?:[a-zA-Z0-9][a-zA-Z0-9.-]*(?::\d+)?\/)?[a-z0-9]+(?:(?:\.|_{1,2}|-+|\/)[a-z0-9]+)*)(?::(?<tag>\w[\w.-]{0,127}))?(?:@(?<digest>sha256:[0-9a-f]{64}))?$/;

/** `sha256:` and 64 hex digits: what a registry answers, and what pins an image. */
export const ImageDigestSchema = z.string().regex(Sha256Digest, "must be a sha256 digest");

/** The parts of an image's name. */
export type ImageName = {
  /** With the registry's host, if the name has one. */
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
};

/** @throws BadInputError when the text is no image name. */
export function parseImageName(text: string): ImageName {
  const { repository, tag, digest } = IMAGE_NAME.exec(text)?.groups ?? {};
  if (repository === undefined) {
    throw new BadInputError(`"${text}" is not the name of an image`, {
      details: { name: text },
      hint: "Names look like registry.example/render:1.0.0, without https://",
    });
  }
  return { repository, tag, digest };
}

/** The name that means these bytes and no others: `repository@sha256:…`. */
export function pinnedName(repository: string, digest: string): string {
  return `${repository}@${digest}`;
}
