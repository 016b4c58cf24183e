/** Types whose bodies are text, whatever they are called. Images, video, archives and most fonts are compressed already. */
const TEXT =
  /^(?:text\/|application\/(?:json|javascript|ecmascript|xml|graphql|wasm|x-javascript|x-ndjson|ndjson|manifest|yaml|rtf|sql|vnd\.ms-fontobject)|image\/(?:svg\+xml|bmp|x-icon|vnd\.microsoft\.icon)|font\/(?:ttf|otf)|model\/gltf)|^[^;]+\+(?:json|xml|text|yaml)\b/i;

/** Whether compressing bodies of this media type (RFC 9110 §8.3) makes them smaller, as a rule. */
export function isCompressible(contentType: string | undefined): boolean {
  return contentType !== undefined && TEXT.test(contentType.trim()) && !/^text\/event-stream/i.test(contentType.trim());
}
