/** What a value of a scalar or an enum must be, in the words of an error, with an example of a right value. */
import { type GraphQLLeafType, isEnumType } from 'graphql';

interface Expected {
  readonly text: string;
  /** In JSON, for an operation that is executed although a value of it was refused. Instants and dates are the earliest. */
  readonly placeholder: unknown;
}

const SCALARS: Readonly<Record<string, Expected>> = {
  Base64: { text: 'a string of base64 such as SGVsbG8=', placeholder: '' },
  Boolean: { text: 'true or false', placeholder: false },
  DateTime: {
    text: 'an instant with a zone in the years 1 to 9999, such as 2026-11-22T16:00:00.000Z',
    placeholder: '0001-01-01T00:00:00.000Z',
  },
  EmailAddress: { text: 'an email address such as ada@example.com', placeholder: 'ada@example.com' },
  HttpUrl: { text: 'an http or https URL such as https://example.com/pay', placeholder: 'https://example.com/pay' },
  ID: { text: 'the value of a field `id`, such as Invoice_0199aa11-2b3c-7def-8123-456789abcdef', placeholder: '' },
  Int: { text: 'a whole number from -2147483648 to 2147483647, such as 20', placeholder: 1 },
  LocalDate: { text: 'a date such as 2026-11-28', placeholder: '0001-01-01' },
  String: { text: 'a string such as "text"', placeholder: 'text' },
  UUID: {
    text: 'a UUID such as 0199aa11-2b3c-7def-8123-456789abcdef',
    placeholder: '00000000-0000-0000-0000-000000000000',
  },
};

/** `Must be a UUID such as ….` @param name of a scalar. */
export function mustBe(name: string): string {
  return `Must be ${SCALARS[name]?.text ?? `a valid ${name}`}.`;
}

export function expectationOf(type: GraphQLLeafType): string {
  if (!isEnumType(type)) return mustBe(type.name);
  const names = type.getValues().map(({ name }) => name);
  return `Must be ${names.length === 1 ? '' : 'one of '}${names.join(', ')}.`;
}

/** Undefined for a scalar that is not listed: executing the operation then fails. */
export function placeholderOf(type: GraphQLLeafType): unknown {
  return isEnumType(type) ? type.getValues()[0]?.name : SCALARS[type.name]?.placeholder;
}
