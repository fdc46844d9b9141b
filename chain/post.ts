/** What a node answered to a posted JSON text. */
export type PostAnswer = { readonly status: number; readonly retryAfter: string | null; readonly text: string };

/**
 * Posts a JSON text. Rejects with whatever the connection fails with, or with the signal's reason.
 */
export type Post = (url: URL, body: string, signal: AbortSignal) => Promise<PostAnswer>;

/** By `fetch`, which browsers have too. */
export const postByFetch: Post = async (url, body, signal) => {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body, signal });
  return { status: response.status, retryAfter: response.headers.get("retry-after"), text: await response.text() };
};
