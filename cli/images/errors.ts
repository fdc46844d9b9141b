import { GridmillError } from "../../protocol/errors.ts";

/** The folder is no app: its `app.json` is missing or wrong (every problem is in `details.problems`), or it has no Dockerfile. */
export class BadAppError extends GridmillError {
  readonly code = "GM_BAD_APP";
  readonly retryable = false;
}

/** A step of the Dockerfile failed. `details.log` holds the last lines of the build's output. */
export class ImageBuildError extends GridmillError {
  readonly code = "GM_IMAGE_BUILD_FAILED";
  readonly retryable = false;
}

/** The registry did not take the image; what it said is in the message. */
export class ImagePushError extends GridmillError {
  readonly code = "GM_IMAGE_PUSH_FAILED";
  readonly retryable = true;
}

/** There is no base image to build apps on, and none could be made. */
export class BaseImageError extends GridmillError {
  readonly code = "GM_BASE_IMAGE_FAILED";
  readonly retryable = true;
}
