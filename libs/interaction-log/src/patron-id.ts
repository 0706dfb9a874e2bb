/** What the id of a patron looks like. A card token and the stream of an anonymous interaction look different. */
export const patronIdPattern = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;
