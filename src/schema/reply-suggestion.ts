import { type RepliableMessage, replySuggestion, type ReplySuggestion as Suggestion } from '../email/threading.ts';
import type { Bodies } from './bodies.ts';
import { builder } from './builder.ts';

interface SuggestedReply extends Omit<Suggestion, 'quotedText' | 'quotedHtml'> {
  /** Reads the message's body, once. */
  quoted(): Promise<Suggestion>;
}

type SizedMessage = Omit<RepliableMessage, 'bodyText' | 'bodyHtml'> & {
  readonly id: string;
  readonly bodyTextBytes: number | null;
  readonly bodyHtmlBytes: number | null;
};

/** As `replySuggestion`; the body is read only when the quote is asked for. */
export function suggestReply(
  bodies: Bodies,
  { message, ...options }: Omit<Parameters<typeof replySuggestion>[0], 'message'> & { readonly message: SizedMessage },
): SuggestedReply {
  const quote = async () => {
    const { id, bodyTextBytes, bodyHtmlBytes } = message;
    const column = bodyTextBytes === null ? 'bodyHtml' : 'bodyText';
    const bytes = bodyTextBytes ?? bodyHtmlBytes;
    const body = await bodies.load({ table: 'emailMessage', id, column, bytes, field: 'quoted' });
    return replySuggestion({ ...options, message: { ...message, bodyText: null, bodyHtml: null, [column]: body } });
  };
  let quoting: Promise<Suggestion> | undefined;
  return {
    ...replySuggestion({ ...options, message: { ...message, bodyText: null, bodyHtml: null } }),
    quoted() {
      quoting ??= quote();
      return quoting;
    },
  };
}

export const ReplySuggestion = builder.objectRef<SuggestedReply>('ReplySuggestion').implement({
  description: 'The values to start a reply with.',
  fields: (t) => ({
    to: t.expose('to', {
      type: ['EmailAddress'],
      description:
        'The addresses in Reply-To, else in From; for a message of our own, those in To. The account itself is left out if there are others. Empty if no address can be sent to.',
    }),
    cc: t.expose('cc', {
      type: ['EmailAddress'],
      description: 'With `all: true`: the other recipients in To and Cc. Otherwise empty.',
    }),
    subject: t.exposeString('subject', {
      description:
        'The subject with one `Re: ` in front. A single prefix in another language, such as `AW: `, is kept.',
    }),
    quotedText: t.string({
      description:
        'A line with author and time, then the message with `> ` before each line. At most 100,000 characters of the message.',
      resolve: async ({ quoted }) => (await quoted()).quotedText,
    }),
    quotedHtml: t.string({
      description:
        'The same as HTML in a blockquote. It contains the text of the message, escaped, and none of its markup.',
      resolve: async ({ quoted }) => (await quoted()).quotedHtml,
    }),
  }),
});
