/**
 * Dynamic fields: the tokens of each kind of entity. A kind has a statement that reads rows, and for each field a function that takes the
 * value from a row. The values are then written in the reader's locale.
 */
import type { Sql } from '../db/client.ts';
import type { Fragment } from '../db/statement.ts';
import type { TokenValue, TokenValues } from '../email/template.ts';
import { type TokenNames, tokenNames } from '../email/token-names.ts';
import type { Formats } from './formats.ts';
import type { Money } from './money.ts';

/** The value of each type of field. Dates are calendar dates, RFC 3339 full-date. */
interface ValueOf {
  str: string;
  date: string;
  currency: Money | readonly Money[];
  int: number;
  email: string;
  url: string;
}

type FieldType = keyof ValueOf;

export interface DynamicField {
  /** Without braces: `invoice_number`. Lower case, with `_` between words. */
  readonly token: string;
  /** For people. */
  readonly label: string;
  readonly type: FieldType;
}

/** The rows that are behind a field besides its own. */
export interface About<Row> {
  /** All entities of the kind that the email is about, the main one first. */
  readonly rows: readonly Row[];
  readonly formats: Formats;
}

/** A field of a kind with these rows. Null means that there is no value. */
export type FieldOf<Row> = {
  [Type in FieldType]: DynamicField & {
    readonly type: Type;
    readonly value: (row: Row, about: About<Row>) => ValueOf[Type] | null;
    /** Blocks of HTML that show the value in a body. Omitted: the escaped value. */
    readonly html?: (row: Row, about: About<Row>) => string;
  };
}[FieldType];

/** The columns that the rows of every kind have. */
export interface FieldRow {
  readonly id: string;
  readonly organizationName: string;
  /** Of the reader. Null: not known. */
  readonly locale: string | null;
  readonly timeZone: string | null;
}

/** Entities of one kind, the main one first. */
export interface Entities {
  /** Of the reader of the main one. Null: not known. */
  readonly locale: string | null;
  readonly timeZone: string | null;
  /** Of all tokens of the kind. */
  values(formats: Formats): TokenValues;
}

/** The dynamic fields of a kind, whatever its rows are. */
export interface DynamicFields {
  readonly list: readonly DynamicField[];
  readonly names: TokenNames;
  /** Reads entities of the organization in one statement. An id that is not found is left out. Null: none was found. */
  load(connection: Sql, organizationId: string, ids: readonly string[]): Promise<Entities | null>;
  readonly sample: Entities;
}

/**
 * @param options.select SQL for the rows of entities of an organization, in any order.
 * @param options.sample a row that shows what a value looks like.
 */
export function dynamicFields<Row extends FieldRow>(options: {
  readonly fields: readonly FieldOf<Row>[];
  readonly select: (organizationId: string, ids: readonly string[]) => Fragment;
  readonly sample: Row;
}): DynamicFields {
  const fields: readonly FieldOf<Row>[] = [...options.fields, ...COMMON];
  return {
    list: fields.map(({ token, label, type }) => ({ token, label, type })),
    names: tokenNames(
      fields.map(({ token }) => token),
      WORDS,
    ),
    sample: entitiesOf(fields, [options.sample]),
    async load(connection, organizationId, ids) {
      const { rows } = await connection.query<Row>(options.select(organizationId, ids));
      const byId = new Map(rows.map((row) => [row.id, row]));
      const found = ids.flatMap((id) => byId.get(id) ?? []);
      return found.length === 0 ? null : entitiesOf(fields, found);
    },
  };
}

/** Words that authors use for those of tokens: `{customer_name}` is meant for `{client_name}`. */
const WORDS = ['customer', 'company', 'first', 'last'];

const COMMON: readonly FieldOf<FieldRow>[] = [
  {
    token: 'organization_name',
    label: 'Organization Name',
    type: 'str',
    value: ({ organizationName }) => organizationName,
  },
  { token: 'current_date', label: 'Current Date', type: 'date', value: (_row, { formats }) => formats.today },
];

function entitiesOf<Row extends FieldRow>(fields: readonly FieldOf<Row>[], rows: readonly Row[]): Entities {
  const [main] = rows;
  if (main === undefined) throw new Error('entities without one');
  return {
    locale: main.locale,
    timeZone: main.timeZone,
    values(formats) {
      const about = { rows, formats };
      return new Map(fields.map((field) => [field.token, filledValue(field, main, about)] as const));
    },
  };
}

function filledValue<Row>(field: FieldOf<Row>, row: Row, about: About<Row>): TokenValue | null {
  const text = textOf(field, row, about);
  if (text === null || text === '') return null;
  return field.html === undefined ? { text } : { text, html: field.html(row, about) };
}

function textOf<Row>(field: FieldOf<Row>, row: Row, about: About<Row>): string | null {
  switch (field.type) {
    case 'date': {
      const day = field.value(row, about);
      return day === null ? null : about.formats.date(day);
    }
    case 'currency': {
      const amounts = field.value(row, about);
      return amounts === null ? null : about.formats.money(amounts);
    }
    case 'int': {
      const value = field.value(row, about);
      return value === null ? null : String(value);
    }
    default:
      return field.value(row, about);
  }
}
