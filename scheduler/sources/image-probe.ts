import type { ImageProbe } from "../ports.ts";

/** A registry answers within this time or counts as unknown, in milliseconds. */
const TIMEOUT_MS = 5_000;
const ACCEPT = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

/**
 * Asks the image's registry (OCI distribution API) whether it has the manifest, without any engine. A registry that wants a
 * log-in, or a name without a host, is `unknown`: the workers find out.
 */
export function createImageProbe(): ImageProbe {
  return {
    async check(image) {
      const [name, digest] = image.split("@") as [string, string];
      const [host, ...path] = name.split("/") as [string, ...string[]];
      if (!/[.:]/.test(host) || path.length === 0) return "unknown";
      const repository = path.join("/").replace(/:[^:/]*$/, "");
      const scheme = /^(127\.|localhost|\[::1\])/.test(host) ? "http" : "https";
      const answer = await fetch(`${scheme}://${host}/v2/${repository}/manifests/${digest}`, {
        method: "HEAD",
        headers: { accept: ACCEPT },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      }).catch(() => undefined);
      if (answer?.status === 404) return "missing";
      return answer?.ok ? "there" : "unknown";
    },
  };
}
