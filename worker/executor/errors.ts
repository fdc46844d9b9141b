import { GridmillError } from "../../protocol/errors.ts";

/** The registry knows no such image, or does not give it to us. */
export class ImageNotFoundError extends GridmillError {
  readonly code = "GM_IMAGE_NOT_FOUND";
  readonly retryable = false;
}

/** What came for an image does not hash to the digest that pins it: the registry is broken or lies. */
export class ImageDigestError extends GridmillError {
  readonly code = "GM_IMAGE_DIGEST";
  readonly retryable = false;
}

/** The registry that an image names does not answer, or broke off. */
export class RegistryUnreachableError extends GridmillError {
  readonly code = "GM_REGISTRY_UNREACHABLE";
  readonly retryable = true;
}

/** The container engine does not answer, or went away during a run. */
export class EngineUnreachableError extends GridmillError {
  readonly code = "GM_ENGINE_UNREACHABLE";
  readonly retryable = true;
}

/** The container engine answers, but does not do what a run needs; its words are the cause. */
export class EngineRefusedError extends GridmillError {
  readonly code = "GM_ENGINE_REFUSED";
  readonly retryable = false;
}

/** This machine's disk is full, not the task's volume. */
export class DiskFullError extends GridmillError {
  readonly code = "GM_DISK_FULL";
  readonly retryable = true;
}

/** The caller's signal ended the run. */
export class AbortedError extends GridmillError {
  readonly code = "GM_ABORTED";
  readonly retryable = true;
}

/** Somebody or something on this machine killed the container: an operator, the kernel, the engine on its way down. */
export class RunInterruptedError extends GridmillError {
  readonly code = "GM_RUN_INTERRUPTED";
  readonly retryable = true;
}
