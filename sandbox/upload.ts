/** What a request carries: JSON, a form, or an upload of a message with or without metadata. */
import { isJsonObject, type JsonObject } from './call.ts';
import { badRequest, GoogleError, tooLarge } from './errors.ts';
import { headerValue, parseFields, parseParameters, splitMessage } from './headers.ts';
import { splitMultipart } from './mime.ts';

/** Gmail's limit of a message over the upload endpoints. */
export const MAX_MESSAGE_BYTES = 36_700_160;
/** Gmail's limit of a JSON request; `raw` counts in base64. */
const MAX_JSON_BYTES = 5 * 1_024 * 1_024;

export interface RequestContent {
  readonly body: JsonObject;
  /** Null unless it was an upload. */
  readonly media: Buffer | null;
}

export function parseJsonContent(content: Buffer): RequestContent {
  if (content.length > MAX_JSON_BYTES) throw tooLarge(MAX_JSON_BYTES);
  return { body: parseJson(content), media: null };
}

export function parseUpload(uploadType: string | null, contentType: string, content: Buffer): RequestContent {
  if (uploadType === 'media') return { body: {}, media: checkedMedia(content) };
  if (uploadType !== 'multipart') throw badRequest(`Invalid uploadType: ${uploadType ?? ''}`);
  const boundary = parseParameters(contentType).parameters.get('boundary');
  const [metadata, media] = boundary ? splitMultipart(content, boundary).map(splitMessage) : [];
  if (metadata === undefined || media === undefined) throw badRequest('Bad content: expected metadata and media parts');
  const mediaType = headerValue(parseFields(media.head), 'content-type') ?? '';
  if (!mediaType.startsWith('message/')) {
    throw new GoogleError(
      400,
      'badContent',
      `Media type '${mediaType}' is not supported. Valid media types: [message/*]`,
    );
  }
  return { body: parseJson(metadata.body), media: checkedMedia(media.body) };
}

export function parseJson(content: Buffer): JsonObject {
  if (content.length === 0) return {};
  try {
    const value: unknown = JSON.parse(content.toString());
    if (isJsonObject(value)) return value;
  } catch {
    // It is refused below, like any other body that is not a JSON object.
  }
  throw badRequest('Invalid JSON payload received.', 'parseError');
}

function checkedMedia(media: Buffer): Buffer {
  if (media.length > MAX_MESSAGE_BYTES) throw tooLarge(MAX_MESSAGE_BYTES);
  return media;
}
