/**
 * How a host asks for its own metadata: with a session's token (version 2), which a request that was tricked out of it has not; and from
 * the host itself alone, as the answer does not outlive the one hop more into a container's network.
 */
export const METADATA_OPTIONS = {
  httpEndpoint: "enabled",
  httpTokens: "required",
  httpPutResponseHopLimit: 1,
  instanceMetadataTags: "enabled",
} as const;
